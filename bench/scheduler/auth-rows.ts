import type { Connection } from 'mysql2/promise';
import { importBuilt } from '../lib/built-services.ts';
import type { TaskRowsCase } from './task-rows.ts';

const { forgetExpiredCredentials } =
  await importBuilt<typeof import('../../src/modules/auth/index.ts')>('modules/auth/index.js');

const ROWS = 1_000_000;
const EXPIRED = `expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY`;

/** Revoked access tokens, of which a tenth expired days ago. */
export const expiredCredentials: TaskRowsCase = {
  task: forgetExpiredCredentials,
  rows: ROWS,
  seed: async (database: Connection) => {
    await database.query(
      `INSERT INTO revoked_tokens (token_hash, expires_at)
       WITH RECURSIVE digits AS (SELECT 0 AS d UNION ALL SELECT d + 1 FROM digits WHERE d < 999)
       SELECT SHA2(CONCAT(a.d, ' ', b.d), 256), UTC_TIMESTAMP(3) + INTERVAL IF(b.d % 10 = 0, -3, 3) DAY
         FROM digits a, digits b`,
    );
  },
  countDue: async (database: Connection) => {
    const [rows] = await database.query(`SELECT COUNT(*) AS count FROM revoked_tokens WHERE ${EXPIRED}`);
    return Number((rows as { count: string }[])[0]?.count);
  },
};
