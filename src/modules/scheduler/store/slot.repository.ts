import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { MAX_COUNTED_SLOTS, type SkippedSlots } from '../domain/catch-up.js';
import type { SlotKey, SlotPath } from '../domain/slot.js';
import type { Lease } from './lease.repository.js';
import { ScheduleTime } from './schedule-time.repository.js';

/** A slot that somebody says is due. */
export interface FiredSlot extends SlotKey {
  /** The cron that it is a slot of; it counts only while that is in force. */
  readonly cron: string;
  readonly path: SlotPath;
  /** Of the ticker: it counts only while this is in force. */
  readonly lease?: Lease;
}

/** What became of it: `duplicate` if it had a row, `refused` if it was decided before, or the task is paused or changed. */
export type ClaimOutcome = 'claimed' | 'duplicate' | 'refused';

/** Slots of passed times. */
export interface PassedSlotRows {
  readonly task: string;
  readonly path: SlotPath;
  readonly epoch: number | null;
}

/** A drill is about the ticker, so what Redis fires meanwhile is left to it. */
const NO_DRILL = `NOT EXISTS (SELECT 1 FROM schedule_lease l WHERE l.id = 1 AND l.mode = 'local'
  AND l.drill_until > UTC_TIMESTAMP(3))`;
const SAME_LEASE = 'EXISTS (SELECT 1 FROM schedule_lease l WHERE l.id = 1 AND l.holder = ? AND l.epoch = ?)';

/** The fence: of any number of processes that say a slot is due, one inserts its row. */
@Injectable()
export class SlotRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly time: ScheduleTime,
  ) {}

  /**
   * Claims a slot. It is begun when the database's clock says that it is due, so one fired too early waits. The row of
   * the task is read with a lock, so that no slot is begun while a change of the task decides it.
   */
  claim({ task, dueAt, cron, path, lease }: FiredSlot): Promise<ClaimOutcome> {
    const condition = path === 'redis' ? NO_DRILL : lease ? SAME_LEASE : '1 = 1';
    return this.transactions.run(async (transaction) => {
      const inserted = await transaction.query<{ affectedRows: number }>(
        `INSERT IGNORE INTO schedule_runs (task, due_at, path, epoch, state, start_at)
         SELECT t.name, ?, ?, ?, 'due', ? FROM schedule_tasks t
          WHERE t.name = ? AND t.removed_at IS NULL AND t.paused_at IS NULL AND t.settled_until < ?
            AND COALESCE(t.cron_override, t.default_cron) = ? AND ${condition}
         LOCK IN SHARE MODE`,
        [
          dueAt,
          path,
          lease?.epoch ?? null,
          dueAt,
          task,
          dueAt,
          cron,
          ...(lease ? [lease.holderId, lease.epoch] : []),
        ],
      );
      if (inserted.affectedRows === 1) return 'claimed';
      const rows = await transaction.query<unknown[]>(
        'SELECT 1 FROM schedule_runs WHERE task = ? AND due_at = ?',
        [task, dueAt],
      );
      return rows.length > 0 ? 'duplicate' : 'refused';
    });
  }

  /** The slots of a time that have rows, of the latest that are counted at all. */
  async listKnown(
    transaction: Transaction,
    task: string,
    from: Date,
    to: Date,
  ): Promise<ReadonlySet<number>> {
    const rows = await transaction.query<{ due_at: Date }[]>(
      `SELECT due_at FROM schedule_runs WHERE task = ? AND due_at > ? AND due_at <= ? AND manual_id IS NULL
       ORDER BY due_at DESC LIMIT ?`,
      [task, from, to, MAX_COUNTED_SLOTS],
    );
    return new Set(rows.map((row) => row.due_at.getTime()));
  }

  /** Has passed slots run. The task's row is locked by the transaction. */
  async insertCaughtUp(
    transaction: Transaction,
    rows: PassedSlotRows,
    slots: readonly number[],
  ): Promise<void> {
    if (slots.length === 0) return;
    await transaction.query(
      `INSERT IGNORE INTO schedule_runs (task, due_at, path, epoch, state, start_at, is_caught_up) VALUES ?`,
      [slots.map((slot) => [rows.task, new Date(slot), rows.path, rows.epoch, 'due', new Date(slot), 1])],
    );
  }

  /** Writes down that slots are skipped: one row for all of them. */
  async insertSkipped(transaction: Transaction, rows: PassedSlotRows, skipped: SkippedSlots): Promise<void> {
    const { firstMs, lastMs, count, reason } = skipped;
    await transaction.query(
      `INSERT INTO schedule_runs (task, due_at, path, epoch, state, reason, start_at, ended_at, through_at, slots, is_caught_up)
       VALUES (?, ?, ?, ?, 'skipped', ?, ?, ${this.time.sql}, ?, ?, 1)`,
      [
        rows.task,
        new Date(firstMs),
        rows.path,
        rows.epoch,
        reason,
        new Date(firstMs),
        new Date(lastMs),
        count,
      ],
    );
  }

  /** Adds further slots to the row of a pause. */
  async extendSkipped(
    transaction: Transaction,
    { task, dueAt }: SlotKey,
    { lastMs, count }: SkippedSlots,
  ): Promise<void> {
    await transaction.query(
      `UPDATE schedule_runs SET through_at = ?, slots = slots + ?, ended_at = ${this.time.sql}
       WHERE task = ? AND due_at = ? AND state = 'skipped'`,
      [new Date(lastMs), count, task, dueAt],
    );
  }

  /** What waits when a task is paused and was not begun is skipped. */
  async skipWaiting(transaction: Transaction, task: string): Promise<void> {
    await transaction.query(
      `UPDATE schedule_runs SET state = 'skipped', reason = 'paused', ended_at = ${this.time.sql}
       WHERE task = ? AND state = 'due' AND attempt = 0 AND manual_id IS NULL`,
      [task],
    );
  }

  /**
   * Asks for a run by hand, once for each id. Its slot is the present, moved off the whole second, where the slots of
   * crons are.
   * @returns the due time of the run with this id.
   */
  async insertManual(task: string, manualId: string): Promise<Date> {
    return this.transactions.run(async (transaction) => {
      const [present] = await transaction.query<[{ now: Date }]>(`SELECT ${this.time.sql} AS now`);
      for (let dueMs = present.now.getTime(); ; dueMs++) {
        if (dueMs % 1000 === 0) continue;
        await transaction.query(
          `INSERT IGNORE INTO schedule_runs (task, due_at, manual_id, path, state, start_at)
           VALUES (?, ?, ?, 'manual', 'due', ?)`,
          [task, new Date(dueMs), manualId, present.now],
        );
        const [row] = await transaction.query<{ due_at: Date }[]>(
          'SELECT due_at FROM schedule_runs WHERE manual_id = ?',
          [manualId],
        );
        if (row) return row.due_at;
      }
    });
  }
}
