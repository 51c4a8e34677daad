import { importBuilt } from '../lib/built-services.ts';
import { countRows, insertRows } from './numbered-rows.ts';
import type { TaskRowsCase } from './task-rows.ts';

const { forgetExpiredCredentials } =
  await importBuilt<typeof import('../../src/modules/auth/index.ts')>('modules/auth/index.js');

const ROWS = 1_000_000;
const EXPIRED = `expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY`;

/** Revoked access tokens, of which a tenth expired days ago. */
export const expiredCredentials: TaskRowsCase = {
  task: forgetExpiredCredentials,
  rows: ROWS,
  seed: (database, rows) =>
    insertRows(
      database,
      rows,
      `revoked_tokens (token_hash, expires_at)
       SELECT SHA2(n, 256), UTC_TIMESTAMP(3) + INTERVAL IF(n % 10 = 0, -3, 3) DAY`,
    ),
  countDue: (database) => countRows(database, `revoked_tokens WHERE ${EXPIRED}`),
};
