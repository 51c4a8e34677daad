import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What the server has counted; the difference of two readings is what happened between them. */
export interface LockErrors {
  /** Error 1213. */
  deadlocks: number;
  /** Error 1205. */
  timeouts: number;
  /** Transactions taken back, for whatever reason: 1020 as well. */
  rollbacks: number;
  /** How often a row was waited for: no error. */
  waits: number;
}

export async function readLockErrors(database: Connection): Promise<LockErrors> {
  const [metrics] = await database.query<RowDataPacket[]>(
    `SELECT NAME AS name, COUNT AS count FROM information_schema.INNODB_METRICS
     WHERE NAME IN ('lock_deadlocks', 'lock_timeouts')`,
  );
  const [statuses] = await database.query<RowDataPacket[]>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_rollback', 'Innodb_row_lock_waits')`,
  );
  const found = new Map<string, number>([
    ...metrics.map((row): [string, number] => [String(row['name']), Number(row['count'])]),
    ...statuses.map((row): [string, number] => [String(row['Variable_name']), Number(row['Value'])]),
  ]);
  const read = (name: string) => found.get(name) ?? Number.NaN;
  return {
    deadlocks: read('lock_deadlocks'),
    timeouts: read('lock_timeouts'),
    rollbacks: read('Com_rollback'),
    waits: read('Innodb_row_lock_waits'),
  };
}

/** What happened since. */
export async function lockErrorsSince(database: Connection, before: LockErrors): Promise<LockErrors> {
  const now = await readLockErrors(database);
  return {
    deadlocks: now.deadlocks - before.deadlocks,
    timeouts: now.timeouts - before.timeouts,
    rollbacks: now.rollbacks - before.rollbacks,
    waits: now.waits - before.waits,
  };
}
