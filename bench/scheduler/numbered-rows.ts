import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

/** How many rows one statement writes. */
const ROWS_PER_STATEMENT = 100_000;

/**
 * Inserts rows that are selected from the numbers `n` from 0 to before `rows`.
 * @param intoSelect `table (columns) SELECT …`, whose `FROM` comes from here.
 * @throws if a row was not made.
 */
export async function insertRows(database: Connection, rows: number, intoSelect: string): Promise<void> {
  await database.query('CREATE TEMPORARY TABLE IF NOT EXISTS bench_numbers (i INT PRIMARY KEY)');
  const made = await countRows(database, 'bench_numbers');
  if (made === 0) {
    const numbers = Array.from({ length: ROWS_PER_STATEMENT }, (_, i) => [i]);
    await database.query('INSERT INTO bench_numbers VALUES ?', [numbers]);
  }
  for (let start = 0; start < rows; start += ROWS_PER_STATEMENT) {
    const size = Math.min(ROWS_PER_STATEMENT, rows - start);
    const [result] = await database.query<ResultSetHeader>(
      `INSERT INTO ${intoSelect}
       FROM (SELECT i + ${start} AS n FROM bench_numbers WHERE i < ${size} ORDER BY i LIMIT ${size}) AS numbers`,
    );
    if (result.affectedRows !== size) throw new Error(`${result.affectedRows} rows were made of ${size}.`);
  }
}

/** @param from the table, and a condition. */
export async function countRows(database: Connection, from: string): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${from}`);
  return Number(rows[0]?.['n']);
}

/** An id that says a number, in the order of the numbers; the hexadecimal digit `kind` tells what it is of. */
export function idOf(kind: string, number = 'n'): string {
  return `CONCAT('${kind}0000000-0000-7000-8000-', LPAD(LOWER(HEX(${number})), 12, '0'))`;
}
