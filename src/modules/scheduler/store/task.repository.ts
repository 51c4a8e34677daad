import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { PeriodicTask } from '../../../platform/schedule/index.js';
import type { SlotState } from '../domain/slot.js';
import type { Lease } from './lease.repository.js';
import { ScheduleTime } from './schedule-time.repository.js';

/** What is known of a task beyond its declaration. */
export interface TaskState {
  readonly name: string;
  readonly defaultCron: string;
  readonly cronOverride: string | null;
  /** The cron in force. */
  readonly cron: string;
  /** Every slot up to here has been decided. */
  readonly settledUntil: Date;
  readonly pausedAt: Date | null;
  readonly pauseRowAt: Date | null;
  readonly removedAt: Date | null;
  readonly lastOutcome: SlotState | null;
  readonly lastEndedAt: Date | null;
  readonly lastSuccessAt: Date | null;
}

/** All tasks, and the database's time when it was asked. */
export interface TaskStates {
  readonly tasks: readonly TaskState[];
  readonly now: Date;
}

interface TaskRow {
  name: string;
  default_cron: string;
  cron_override: string | null;
  settled_until: Date;
  paused_at: Date | null;
  pause_row_at: Date | null;
  removed_at: Date | null;
  last_outcome: SlotState | null;
  last_ended_at: Date | null;
  last_success_at: Date | null;
  now: Date;
}

const COLUMNS = `name, default_cron, cron_override, settled_until, paused_at, pause_row_at, removed_at, last_outcome,
  last_ended_at, last_success_at`;
/** More than a product declares; those that are gone are among them. */
const MAX_TASKS = 1_000;

/** The rows of `schedule_tasks`. */
@Injectable()
export class TaskRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly time: ScheduleTime,
  ) {}

  /** Writes a task down that is new, or was gone for a while: its first slot is the next one. */
  async register(task: PeriodicTask): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await transaction.query(
        `INSERT INTO schedule_tasks (name, default_cron, settled_until) VALUES (?, ?, ${this.time.sql})
         ON DUPLICATE KEY UPDATE settled_until = IF(removed_at IS NULL, settled_until, ${this.time.sql}), removed_at = NULL`,
        [task.name, task.cron],
      );
    });
  }

  /** Notes which tasks there are no more, as the holder of the lease sees it. @returns how many are gone now. */
  async noteRemoved(lease: Lease, names: readonly string[]): Promise<number> {
    const { affectedRows } = await this.transactions.single.query<{ affectedRows: number }>(
      `UPDATE schedule_tasks SET removed_at = ${this.time.sql} WHERE removed_at IS NULL AND name NOT IN (?)
         AND EXISTS (SELECT 1 FROM schedule_lease WHERE id = 1 AND epoch = ?)`,
      [names.length === 0 ? [''] : names, lease.epoch],
    );
    return affectedRows;
  }

  async list(): Promise<TaskStates> {
    const askedAtMs = performance.now();
    const rows: TaskRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS}, ${this.time.sql} AS now FROM schedule_tasks ORDER BY name LIMIT ?`,
      [MAX_TASKS],
    );
    const now = rows[0]?.now;
    if (now) this.time.noteDatabaseTime(now, askedAtMs);
    return { tasks: rows.map(toTaskState), now: now ?? new Date(await this.time.read()) };
  }

  /** The task's row, locked until the end of the transaction: meanwhile no slot of it can be begun. */
  async lock(transaction: Transaction, name: string): Promise<{ task: TaskState; now: Date } | undefined> {
    const [row] = await transaction.query<TaskRow[]>(
      `SELECT ${COLUMNS}, ${this.time.sql} AS now FROM schedule_tasks WHERE name = ? FOR UPDATE`,
      [name],
    );
    return row && { task: toTaskState(row), now: row.now };
  }

  async find(name: string): Promise<TaskState | undefined> {
    const [row]: TaskRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM schedule_tasks WHERE name = ?`,
      [name],
    );
    return row && toTaskState(row);
  }

  async settle(transaction: Transaction, name: string, until: Date, pauseRowAt: Date | null): Promise<void> {
    await transaction.query('UPDATE schedule_tasks SET settled_until = ?, pause_row_at = ? WHERE name = ?', [
      until,
      pauseRowAt,
      name,
    ]);
  }

  async setPaused(transaction: Transaction, name: string, pausedAt: Date | null): Promise<void> {
    await transaction.query('UPDATE schedule_tasks SET paused_at = ?, pause_row_at = NULL WHERE name = ?', [
      pausedAt,
      name,
    ]);
  }

  async setCrons(
    transaction: Transaction,
    name: string,
    crons: { defaultCron: string; cronOverride: string | null },
  ): Promise<void> {
    await transaction.query('UPDATE schedule_tasks SET default_cron = ?, cron_override = ? WHERE name = ?', [
      crons.defaultCron,
      crons.cronOverride,
      name,
    ]);
  }
}

function toTaskState(row: TaskRow): TaskState {
  return {
    name: row.name,
    defaultCron: row.default_cron,
    cronOverride: row.cron_override,
    cron: row.cron_override ?? row.default_cron,
    settledUntil: row.settled_until,
    pausedAt: row.paused_at,
    pauseRowAt: row.pause_row_at,
    removedAt: row.removed_at,
    lastOutcome: row.last_outcome,
    lastEndedAt: row.last_ended_at,
    lastSuccessAt: row.last_success_at,
  };
}
