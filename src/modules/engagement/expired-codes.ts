import { afterPlace, type Transactions } from '../../platform/database/index.js';
import { inBatches } from '../../platform/schedule/index.js';

/** Codes that are `active` until a time. All of it is text of SQL, from constants. */
interface CodeTable {
  readonly name: string;
  readonly endColumn: string;
  /** Over the state and the end. */
  readonly endIndex: string;
  /** What changes besides the state. */
  readonly freed?: string;
}

interface EndPlace {
  readonly end: Date;
  readonly id: string;
}

/** One transaction, of some milliseconds. */
const SIZES = { first: 100, max: 500 };

/**
 * Marks active codes as expired whose time is up by the database's clock, those that ended first first. Codes that
 * ceased to be active meanwhile stay as they are.
 * @returns how many were marked.
 */
export async function expireCodes(
  transactions: Transactions,
  { name, endColumn, endIndex, freed }: CodeTable,
  signal: AbortSignal,
): Promise<number> {
  let expired = 0;
  await inBatches<EndPlace>(signal, SIZES, async (size, after) => {
    const beyond = afterPlace([endColumn, 'id'], after && [after.end, after.id]);
    const rows: EndPlace[] = await transactions.single.query(
      `SELECT id, ${endColumn} AS end FROM ${name} FORCE INDEX (${endIndex})
       WHERE state = 'active' AND ${endColumn} <= UTC_TIMESTAMP(3) AND ${beyond.sql}
       ORDER BY ${endColumn}, id LIMIT ?`,
      [...beyond.values, size],
    );
    if (rows.length > 0) {
      // In one order, so that two who do so at once do not wait for each other crosswise.
      const ids = rows.map(({ id }) => id).sort();
      const result = await transactions.run((transaction) =>
        transaction.query<{ affectedRows: number }>(
          `UPDATE ${name} SET state = 'expired'${freed ? `, ${freed}` : ''} WHERE id IN (?) AND state = 'active'`,
          [ids],
        ),
      );
      expired += result.affectedRows;
    }
    return { found: rows.length, last: rows.at(-1) };
  });
  return expired;
}
