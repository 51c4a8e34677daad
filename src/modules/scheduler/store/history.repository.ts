import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { SlotPath, SlotReason, SlotState } from '../domain/slot.js';

/** A slot as it stands in the history. */
export interface SlotRecord {
  readonly task: string;
  readonly dueAt: Date;
  readonly manualId: string | null;
  readonly path: SlotPath;
  readonly isCaughtUp: boolean;
  readonly state: SlotState;
  readonly reason: SlotReason | null;
  readonly attempt: number;
  readonly startAt: Date;
  readonly firstStartedAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly latenessMs: number | null;
  readonly throughAt: Date | null;
  readonly slots: number | null;
  readonly result: Record<string, number> | null;
  readonly error: string | null;
  readonly process: string | null;
  readonly epoch: number | null;
}

const COLUMNS = `task, due_at, manual_id, path, is_caught_up, state, reason, attempt, start_at, first_started_at, started_at,
  ended_at, lateness_ms, through_at, slots, result, error, process, epoch`;

/** The history of the slots. */
@Injectable()
export class HistoryRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The slots of a task from the newest on, those due before `before`. */
  async list(task: string, limit: number, before?: Date): Promise<SlotRecord[]> {
    const rows: Record<string, unknown>[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM schedule_runs WHERE task = ? ${before ? 'AND due_at < ?' : ''}
       ORDER BY due_at DESC LIMIT ?`,
      [task, ...(before ? [before] : []), limit],
    );
    return rows.map(toRecord);
  }

  async find(task: string, dueAt: Date): Promise<SlotRecord | undefined> {
    const [row]: Record<string, unknown>[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM schedule_runs WHERE task = ? AND due_at = ?`,
      [task, dueAt],
    );
    return row && toRecord(row);
  }

  /** A run by hand, by its id. */
  async findManual(id: string): Promise<SlotRecord | undefined> {
    const [row]: Record<string, unknown>[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM schedule_runs WHERE manual_id = ?`,
      [id],
    );
    return row && toRecord(row);
  }

  /** Forgets slots that ended more than so many days ago, a bounded number. @returns how many. */
  async forget(days: number, limit: number): Promise<number> {
    const { affectedRows } = await this.transactions.single.query<{ affectedRows: number }>(
      'DELETE FROM schedule_runs WHERE ended_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
      [days, limit],
    );
    return affectedRows;
  }
}

function toRecord(row: Record<string, unknown>): SlotRecord {
  return {
    task: row['task'] as string,
    dueAt: row['due_at'] as Date,
    manualId: row['manual_id'] as string | null,
    path: row['path'] as SlotPath,
    isCaughtUp: Number(row['is_caught_up']) === 1,
    state: row['state'] as SlotState,
    reason: row['reason'] as SlotReason | null,
    attempt: Number(row['attempt']),
    startAt: row['start_at'] as Date,
    firstStartedAt: row['first_started_at'] as Date | null,
    startedAt: row['started_at'] as Date | null,
    endedAt: row['ended_at'] as Date | null,
    latenessMs: row['lateness_ms'] === null ? null : Number(row['lateness_ms']),
    throughAt: row['through_at'] as Date | null,
    slots: row['slots'] === null ? null : Number(row['slots']),
    result: row['result'] === null ? null : (JSON.parse(row['result'] as string) as Record<string, number>),
    error: row['error'] as string | null,
    process: row['process'] as string | null,
    epoch: row['epoch'] === null ? null : Number(row['epoch']),
  };
}
