import { Injectable } from '@nestjs/common';
import { isDuplicateKey, Transactions } from '../../../platform/database/index.js';
import type { TaskOutcome } from '../../../platform/schedule/index.js';
import type { SlotKey, SlotPath, SlotReason, SlotState } from '../domain/slot.js';
import type { EngineProcess } from './lease.repository.js';
import { ScheduleTime } from './schedule-time.repository.js';

/** A slot that waits to be started, or runs. */
export interface OpenSlot extends SlotKey {
  readonly startAt: Date;
  /** Tries so far. */
  readonly attempt: number;
  readonly isManual: boolean;
  /** The latest slot of its task that is due, runs by hand aside. */
  readonly latestDueAt: Date | null;
}

/** What a worker has to see to: in the order of their start. */
export interface OpenSlots {
  readonly due: readonly OpenSlot[];
  /** Tasks that run somewhere. */
  readonly runningTasks: ReadonlySet<string>;
  /** The start of the next one that waits for it, soon; undefined if there is none. */
  readonly nextStartInMs: number | undefined;
}

/** One try of a slot in this process. */
export interface StartedRun extends SlotKey {
  readonly attempt: number;
  readonly latenessMs: number;
  readonly path: SlotPath;
}

/** How a try ended. */
export type RunEnd =
  | { readonly kind: 'succeeded'; readonly result: TaskOutcome; readonly isCutShort: boolean }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'retry'; readonly error: string; readonly delayMs: number }
  | { readonly kind: 'timed_out'; readonly error: string }
  /** The process stops: somebody else begins it anew. The try does not count if the handler has returned. */
  | { readonly kind: 'released'; readonly isCounted: boolean };

/** A run whose process has not been heard of. */
export interface LostRun extends SlotKey {
  readonly attempt: number;
  readonly process: string;
}

/** The others of a task wait for these. */
const OPEN_OF_A_TASK = 20;
const MAX_LOST_AT_ONCE = 20;
const MAX_ERROR_LENGTH = 10_000;
const MAX_RESULT_NUMBERS = 50;

interface OpenRow {
  task: string;
  due_at: Date;
  start_at: Date;
  attempt: number;
  manual_id: string | null;
  latest_due_at: Date | null;
  now: Date;
}

/** The rows of `schedule_runs` from their start to their end. */
@Injectable()
export class RunRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly time: ScheduleTime,
  ) {}

  /**
   * What is due, of these tasks, of each the first few. Slots of paused tasks wait, unless they were asked for by hand.
   */
  async listOpen(tasks: readonly string[], aheadMs: number): Promise<OpenSlots> {
    const askedAtMs = performance.now();
    const rows: OpenRow[] = await this.transactions.single.query(
      `SELECT task, due_at, start_at, attempt, manual_id, latest_due_at, ${this.time.sql} AS now FROM (
         SELECT task, due_at, start_at, attempt, manual_id,
           ROW_NUMBER() OVER (PARTITION BY task ORDER BY start_at, due_at) AS place,
           MAX(CASE WHEN manual_id IS NULL AND start_at <= ${this.time.sql} THEN due_at END)
             OVER (PARTITION BY task) AS latest_due_at
         FROM schedule_runs
         WHERE state = 'due' AND start_at <= TIMESTAMPADD(MICROSECOND, ?, ${this.time.sql}) AND task IN (?)
           AND (manual_id IS NOT NULL OR task NOT IN (SELECT name FROM schedule_tasks WHERE paused_at IS NOT NULL))
       ) open WHERE place <= ? ORDER BY start_at`,
      [aheadMs * 1_000, tasks, OPEN_OF_A_TASK],
    );
    const now = rows[0]?.now;
    if (!now) return { due: [], runningTasks: new Set(), nextStartInMs: undefined };
    this.time.noteDatabaseTime(now, askedAtMs);
    const ahead = rows.find((row) => row.start_at.getTime() > now.getTime());
    return {
      due: rows.filter((row) => row.start_at.getTime() <= now.getTime()).map(toOpenSlot),
      runningTasks: await this.listRunning(tasks),
      nextStartInMs: ahead && ahead.start_at.getTime() - now.getTime(),
    };
  }

  private async listRunning(tasks: readonly string[]): Promise<ReadonlySet<string>> {
    const rows: { task: string }[] = await this.transactions.single.query(
      `SELECT task FROM schedule_runs WHERE state = 'running' AND task IN (?)`,
      [tasks],
    );
    return new Set(rows.map(({ task }) => task));
  }

  /**
   * Starts the next try of a slot. Of any number of processes one does.
   * @returns `taken` if another process was first, `overlap` if another slot of the task runs.
   */
  async start(slot: OpenSlot, process: EngineProcess): Promise<StartedRun | 'taken' | 'overlap'> {
    try {
      return await this.transactions.run(async (transaction) => {
        const started = await transaction.query<{ affectedRows: number }>(
          `UPDATE schedule_runs SET state = 'running', running_task = task, attempt = attempt + 1, process_id = ?,
             process = ?, started_at = ${this.time.sql}, heartbeat_at = UTC_TIMESTAMP(3), reason = NULL,
             first_started_at = COALESCE(first_started_at, ${this.time.sql}),
             lateness_ms = COALESCE(lateness_ms, TIMESTAMPDIFF(MICROSECOND, due_at, ${this.time.sql}) DIV 1000)
           WHERE task = ? AND due_at = ? AND state = 'due' AND attempt = ? AND start_at <= ${this.time.sql}`,
          [process.id, process.label, slot.task, slot.dueAt, slot.attempt],
        );
        if (started.affectedRows === 0) return 'taken';
        const [row] = await transaction.query<[{ attempt: number; lateness_ms: string; path: SlotPath }]>(
          'SELECT attempt, lateness_ms, path FROM schedule_runs WHERE task = ? AND due_at = ?',
          [slot.task, slot.dueAt],
        );
        return {
          task: slot.task,
          dueAt: slot.dueAt,
          attempt: row.attempt,
          latenessMs: Number(row.lateness_ms),
          path: row.path,
        };
      });
    } catch (error) {
      if (isDuplicateKey(error)) return 'overlap';
      throw error;
    }
  }

  /** Skips a slot that waits and was never begun. */
  async skip({ task, dueAt }: SlotKey, reason: SlotReason): Promise<boolean> {
    const skipped = await this.transactions.single.query<{ affectedRows: number }>(
      `UPDATE schedule_runs SET state = 'skipped', reason = ?, ended_at = ${this.time.sql}
       WHERE task = ? AND due_at = ? AND state = 'due' AND attempt = 0 AND manual_id IS NULL`,
      [reason, task, dueAt],
    );
    return skipped.affectedRows === 1;
  }

  /** Ends a try. @returns false if it is not this process's any more: then nothing was changed. */
  async end(run: StartedRun, processId: string, end: RunEnd): Promise<boolean> {
    const { state, fields, values } = this.endFields(end);
    const isFinal = state !== 'due';
    return this.transactions.run(async (transaction) => {
      // The task's row first, as whoever claims a slot does.
      await transaction.query('SELECT name FROM schedule_tasks WHERE name = ? FOR UPDATE', [run.task]);
      const ended = await transaction.query<{ affectedRows: number }>(
        `UPDATE schedule_runs SET state = ?, running_task = NULL, ${fields}
         WHERE task = ? AND due_at = ? AND state = 'running' AND process_id = ? AND attempt = ?`,
        [state, ...values, run.task, run.dueAt, processId, run.attempt],
      );
      if (ended.affectedRows === 0) return false;
      if (isFinal) {
        await transaction.query(
          `UPDATE schedule_tasks SET last_outcome = ?, last_ended_at = ${this.time.sql},
             last_success_at = IF(? = 'succeeded', ${this.time.sql}, last_success_at) WHERE name = ?`,
          [state, state, run.task],
        );
      }
      return true;
    });
  }

  /** Says that this process lives. @returns the tries that are still its own, as `keyOfRun` names them. */
  async beat(processId: string): Promise<ReadonlySet<string>> {
    await this.transactions.single.query(
      `UPDATE schedule_runs SET heartbeat_at = UTC_TIMESTAMP(3) WHERE state = 'running' AND process_id = ?`,
      [processId],
    );
    const rows: { task: string; due_at: Date; attempt: number }[] = await this.transactions.single.query(
      `SELECT task, due_at, attempt FROM schedule_runs WHERE state = 'running' AND process_id = ?`,
      [processId],
    );
    return new Set(rows.map((row) => keyOfRun({ task: row.task, dueAt: row.due_at, attempt: row.attempt })));
  }

  /** Runs of these tasks whose processes have not been heard of for so long. */
  async listLost(tasks: readonly string[], timeoutMs: number): Promise<LostRun[]> {
    const rows: { task: string; due_at: Date; attempt: number; process: string }[] =
      await this.transactions.single.query(
        `SELECT task, due_at, attempt, process FROM schedule_runs WHERE state = 'running' AND task IN (?)
           AND heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND LIMIT ?`,
        [tasks, timeoutMs * 1_000, MAX_LOST_AT_ONCE],
      );
    return rows.map(({ due_at: dueAt, ...row }) => ({ ...row, dueAt }));
  }

  /** Takes a lost run away from its process: to be tried again at once, or failed. @returns false if it was not lost. */
  async takeAway(lost: LostRun, timeoutMs: number, mayRetry: boolean): Promise<boolean> {
    const taken = await this.transactions.single.query<{ affectedRows: number }>(
      `UPDATE schedule_runs SET state = ?, running_task = NULL, reason = 'process_lost', error = ?,
         start_at = ${this.time.sql}, ended_at = IF(? = 'due', NULL, ${this.time.sql})
       WHERE task = ? AND due_at = ? AND state = 'running' AND attempt = ?
         AND heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND`,
      [
        mayRetry ? 'due' : 'failed',
        `The process ${lost.process} was not heard of any more.`,
        mayRetry ? 'due' : 'failed',
        lost.task,
        lost.dueAt,
        lost.attempt,
        timeoutMs * 1_000,
      ],
    );
    return taken.affectedRows === 1;
  }

  private endFields(end: RunEnd): { state: SlotState; fields: string; values: unknown[] } {
    const now = this.time.sql;
    switch (end.kind) {
      case 'succeeded':
        return {
          state: 'succeeded',
          fields: `ended_at = ${now}, result = ?, error = NULL, reason = ?`,
          values: [resultText(end.result), end.isCutShort ? 'soft_limit' : null],
        };
      case 'failed':
        return { state: 'failed', fields: `ended_at = ${now}, error = ?`, values: [cut(end.error)] };
      case 'timed_out':
        return {
          state: 'timed_out',
          fields: `ended_at = ${now}, error = ?, reason = 'hard_limit'`,
          values: [cut(end.error)],
        };
      case 'retry':
        return {
          state: 'due',
          fields: `start_at = TIMESTAMPADD(MICROSECOND, ?, ${now}), error = ?`,
          values: [end.delayMs * 1_000, cut(end.error)],
        };
      case 'released':
        return {
          state: 'due',
          fields: `start_at = ${now}, attempt = attempt - ?`,
          values: [end.isCounted ? 0 : 1],
        };
    }
  }
}

function toOpenSlot(row: OpenRow): OpenSlot {
  return {
    task: row.task,
    dueAt: row.due_at,
    startAt: row.start_at,
    attempt: row.attempt,
    isManual: row.manual_id !== null,
    latestDueAt: row.latest_due_at,
  };
}

/** Names one try of one slot. */
export function keyOfRun({ task, dueAt, attempt }: SlotKey & { attempt: number }): string {
  return `${task} ${dueAt.toISOString()} ${attempt}`;
}

function resultText(result: TaskOutcome): string {
  return JSON.stringify(Object.fromEntries(Object.entries(result).slice(0, MAX_RESULT_NUMBERS)));
}

function cut(text: string): string {
  return text.slice(0, MAX_ERROR_LENGTH);
}
