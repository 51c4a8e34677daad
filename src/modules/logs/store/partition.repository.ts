import { Injectable } from '@nestjs/common';
import { type BulkSession, BulkTransactions } from '../../../platform/database/index.js';
import { addDays, firstIdOf, startOfDay } from '../domain/days.js';
import { dayOfPartition, partitionName } from '../domain/partition-plan.js';

/** The tables that are partitioned by day. */
export const partitionedTables = ['logs', 'log_entries'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** Which sum of `log_days` says how much a day of a table has, and which one how much of that was dropped. */
const sumsOf: Record<PartitionedTable, { kept: string; dropped: string }> = {
  logs: { kept: 'stored_lines', dropped: 'dropped_lines' },
  log_entries: { kept: 'entry_lines', dropped: 'dropped_entry_lines' },
};

/** Known to the whole server, so it carries the database. */
const LOCK_NAME = `CONCAT('lockkeeper.logs.', LEFT(SHA1(DATABASE()), 16))`;
/** While a change of a table waits for long reads, all others wait behind it; so it does not wait long. */
const LOCK_WAIT_SECONDS = 5;
const MAX_FORGOTTEN_AT_ONCE = 1_000;

/** The partitions of the logs' tables. One process at a time works on them. */
@Injectable()
export class PartitionRepository {
  constructor(private readonly bulk: BulkTransactions) {}

  /** Runs `work` if no other process is at it. @returns undefined if one is. */
  exclusively<T>(work: (partitions: PartitionSession) => Promise<T>): Promise<T | undefined> {
    return this.bulk.session(async (session) => {
      const [row] = await session.query(`SELECT GET_LOCK(${LOCK_NAME}, 0) AS is_mine`);
      if (Number(row?.['is_mine']) !== 1) return undefined;
      await session.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
      return work(new PartitionSession(session));
    });
  }
}

/** Changes partitions, on one connection. */
export class PartitionSession {
  constructor(private readonly session: BulkSession) {}

  /** The days that have a partition, in order. */
  async days(table: PartitionedTable): Promise<string[]> {
    const rows = await this.session.query(
      `SELECT PARTITION_NAME AS name FROM information_schema.PARTITIONS
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY PARTITION_ORDINAL_POSITION`,
      [table],
    );
    return rows.flatMap((row) => dayOfPartition(String(row['name'])) ?? []);
  }

  /** Makes partitions that follow the last one. What is there already for their days moves into them. */
  async make(table: PartitionedTable, days: readonly string[]): Promise<void> {
    if (days.length === 0) return;
    const partitions = days.map(
      (day) => `PARTITION ${partitionName(day)} VALUES LESS THAN (${endOf(table, day)})`,
    );
    const later = `PARTITION p_later VALUES LESS THAN ${table === 'logs' ? 'MAXVALUE' : '(MAXVALUE)'}`;
    await this.session.query(
      `ALTER TABLE ${table} REORGANIZE PARTITION p_later INTO (${[...partitions, later].join(', ')})`,
    );
  }

  /** How many lines a day's partition has, by the sums; the oldest also has those of earlier days. */
  async count(table: PartitionedTable, day: string): Promise<number> {
    const { kept, dropped } = sumsOf[table];
    const [row] = await this.session.query(
      `SELECT COALESCE(SUM(${kept} - ${dropped}), 0) AS count FROM log_days WHERE day <= ?`,
      [day],
    );
    return Number(row?.['count']);
  }

  /**
   * Drops the oldest partition. The sums learn of it before, under a lock that keeps out who might store a line of such
   * a day in between; if it ends there, the next attempt does both again.
   */
  async dropOldest(table: PartitionedTable, day: string): Promise<void> {
    const { kept, dropped } = sumsOf[table];
    await this.session.query(`LOCK TABLES ${table} WRITE, log_days WRITE`);
    try {
      await this.session.query(`UPDATE log_days SET ${dropped} = ${kept} WHERE day <= ?`, [day]);
      await this.session.query(`ALTER TABLE ${table} DROP PARTITION ${partitionName(day)}`);
    } finally {
      await this.session.query('UNLOCK TABLES');
    }
  }

  /** Forgets what was discarded from the quarantine before a day. @returns how many. */
  async forgetDiscarded(day: string, isDryRun: boolean): Promise<number> {
    if (isDryRun) {
      const [row] = await this.session.query(
        'SELECT COUNT(*) AS count FROM log_quarantine WHERE discarded_at < ?',
        [day],
      );
      return Number(row?.['count']);
    }
    for (let forgotten = 0; ;) {
      await this.session.query('DELETE FROM log_quarantine WHERE discarded_at < ? LIMIT ?', [
        day,
        MAX_FORGOTTEN_AT_ONCE,
      ]);
      const [row] = await this.session.query('SELECT ROW_COUNT() AS count');
      forgotten += Number(row?.['count']);
      if (Number(row?.['count']) < MAX_FORGOTTEN_AT_ONCE) return forgotten;
    }
  }
}

/** The first value that is of a later day, as SQL. */
function endOf(table: PartitionedTable, day: string): string {
  const next = addDays(day, 1);
  return table === 'logs' ? `TO_DAYS('${next}')` : `'${firstIdOf(startOfDay(next))}'`;
}
