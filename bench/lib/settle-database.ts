import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';

const MAX_DIRTY_PAGES = 200;
const MAX_HISTORY = 1_000;
const TIMEOUT_MS = 120_000;
const POLL_MS = 100;

/** As fast as the disk is; otherwise some 200 pages are written in a second. */
const WRITE_AT_ONCE = {
  innodb_max_dirty_pages_pct: 0,
  innodb_io_capacity_max: 40_000,
  innodb_io_capacity: 20_000,
};

/**
 * Waits until the server has written what it was filled with, and has purged what was deleted; then it measures its
 * tables. Without that the first transactions of a measurement wait for a million rows to get to the disk.
 */
export async function settleDatabase(database: Connection): Promise<void> {
  const before = await readSettings(database);
  await setAll(database, WRITE_AT_ONCE);
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await isSettled(database))) {
    if (performance.now() > deadline) throw new Error('The database does not come to rest.');
    await delay(POLL_MS);
  }
  await setAll(database, before);
  const [tables] = await database.query<RowDataPacket[]>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()`,
  );
  await database.query(`ANALYZE TABLE ${tables.map((table) => `\`${table['name']}\``).join(', ')}`);
}

async function readSettings(database: Connection): Promise<Record<string, number>> {
  const names = Object.keys(WRITE_AT_ONCE).toReversed();
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(', ')}`,
  );
  return Object.fromEntries(names.map((name) => [name, Number(row?.[name])]));
}

/** One after the other: a capacity is never above its maximum. */
async function setAll(database: Connection, settings: Record<string, number>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await database.query(`SET GLOBAL ${name} = ${value}`);
  }
}

async function isSettled(database: Connection): Promise<boolean> {
  const [rows] = await database.query<RowDataPacket[]>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_buffer_pool_pages_dirty', 'Innodb_history_list_length')`,
  );
  const values = new Map(rows.map((row) => [row['Variable_name'], Number(row['Value'])]));
  return (
    (values.get('Innodb_buffer_pool_pages_dirty') ?? 0) <= MAX_DIRTY_PAGES &&
    (values.get('Innodb_history_list_length') ?? 0) <= MAX_HISTORY
  );
}
