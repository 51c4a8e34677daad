import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { StoredState, Task, TaskQueueName, TaskState } from '../domain/task.js';
import type { TaskOptions } from '../domain/task-options.js';
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.js';

/** A task as it is put in. */
export interface NewTask {
  id: string;
  ownerId: string;
  queue: TaskQueueName;
  name: string;
  subjectId: string | null;
  /** JSON. */
  payload: string;
  options: TaskOptions;
  keyHash: Buffer | null;
  flow: { id: string; step: number } | null;
}

/** What is needed to change a task. */
export interface TaskPlace {
  readonly id: string;
  readonly ownerId: string;
  readonly queue: TaskQueueName;
  readonly state: StoredState;
  readonly flowId: string | null;
  readonly step: number | null;
}

type PlaceRow = Pick<TaskRow, 'id' | 'owner_id' | 'queue' | 'state' | 'flow_id' | 'step'>;

const PLACE_COLUMNS = 'id, owner_id, queue, state, flow_id, step';
/** Ids are lower-case hexadecimal: this is after all of them. */
export const AFTER_ALL_IDS = 'g';
const NOT_ENDED = ['queued', 'admitted', 'started', 'scheduled', 'deferred'] as const;

/** Makes tasks and reads them. */
@Injectable()
export class TaskRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Inserts a task, `queued` or, if its time has not come, `scheduled`, or `deferred`.
   * @returns its state. @throws a duplicate-key error if another with the key has not ended.
   */
  async insert(transaction: Transaction, task: NewTask, isDeferred: boolean): Promise<StoredState> {
    const { options } = task;
    const dueAt = options.at ?? null;
    const delayMs = options.delayMs ?? 0;
    const [due]: { due_at: Date | null; is_later: string | number }[] = await transaction.query(
      `SELECT due_at, COALESCE(due_at > UTC_TIMESTAMP(3), 0) AS is_later FROM
         (SELECT IF(? > 0, UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND, CAST(? AS DATETIME(3))) AS due_at) AS due`,
      [delayMs, delayMs, dueAt],
    );
    const isLater = Number(due?.is_later ?? 0) === 1;
    const state = isDeferred ? 'deferred' : isLater ? 'scheduled' : 'queued';
    await transaction.query(
      `INSERT INTO tasks (id, owner_id, queue, name, subject_id, state, priority, max_retries, retry_interval_ms,
         timeout_ms, result_ttl_ms, failure_ttl_ms, payload, key_hash, live_key, flow_id, step, created_at, due_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), ?)`,
      [
        task.id,
        task.ownerId,
        task.queue,
        task.name,
        task.subjectId,
        state,
        options.priority,
        options.retries,
        options.retryIntervalMs,
        options.timeoutMs,
        options.resultTtlMs,
        options.failureTtlMs,
        task.payload,
        task.keyHash,
        task.keyHash,
        task.flow?.id ?? null,
        task.flow?.step ?? null,
        due?.due_at ?? null,
      ],
    );
    return state;
  }

  /** The task of a user that has not ended and has this key. */
  async findLive(transaction: Transaction, ownerId: string, keyHash: Buffer): Promise<TaskPlace | undefined> {
    const [row]: PlaceRow[] = await transaction.query(
      `SELECT ${PLACE_COLUMNS} FROM tasks WHERE owner_id = ? AND live_key = ?`,
      [ownerId, keyHash],
    );
    return row && toPlace(row);
  }

  /** `isExpired`: it has ended so long ago that it is not to be shown. */
  async findById(id: string): Promise<{ task: Task; isExpired: boolean } | undefined> {
    const [row]: (TaskRow & { is_expired: string | number })[] = await this.transactions.single.query(
      `SELECT ${TASK_COLUMNS}, COALESCE(expires_at <= UTC_TIMESTAMP(3), 0) AS is_expired FROM tasks WHERE id = ?`,
      [id],
    );
    return row && { task: toTask(row), isExpired: Number(row.is_expired) === 1 };
  }

  async findPlace(transaction: Transaction, id: string): Promise<TaskPlace | undefined> {
    const [row]: PlaceRow[] = await transaction.query(`SELECT ${PLACE_COLUMNS} FROM tasks WHERE id = ?`, [
      id,
    ]);
    return row && toPlace(row);
  }

  /** Tasks on a subject that have not ended. */
  async listLiveOf(subjectId: string, limit: number): Promise<TaskPlace[]> {
    const rows: PlaceRow[] = await this.transactions.single.query(
      `SELECT ${PLACE_COLUMNS} FROM tasks WHERE subject_id = ? AND state IN (?) AND is_cancel_requested = 0 LIMIT ?`,
      [subjectId, NOT_ENDED, limit],
    );
    return rows.map(toPlace);
  }

  /** Whether a task on a subject runs, be it told to stop or not. */
  async isRunningOn(subjectId: string): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      `SELECT 1 FROM tasks WHERE subject_id = ? AND state = 'started' LIMIT 1`,
      [subjectId],
    );
    return rows.length > 0;
  }

  /** A user's tasks in a state, or in any, the newest first. */
  listOf(
    ownerId: string,
    state: TaskState | undefined,
    beforeId: string | undefined,
    limit: number,
  ): Promise<Task[]> {
    return this.listNewest('owner_id', ownerId, statesOf(state), beforeId, limit);
  }

  /** Everybody's tasks of a queue in a state, or in any, the newest first. */
  listOfQueue(queue: TaskQueueName, state: TaskState | undefined, limit: number): Promise<Task[]> {
    return this.listNewest('queue', queue, statesOf(state), undefined, limit);
  }

  /** The tasks of a flow by step. */
  async listOfFlow(flowId: string, limit: number): Promise<Task[]> {
    const rows: TaskRow[] = await this.transactions.single.query(
      `SELECT ${TASK_COLUMNS} FROM tasks FORCE INDEX (idx_tasks_flow)
       WHERE flow_id = ? AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))
       ORDER BY step, id LIMIT ?`,
      [flowId, limit],
    );
    return rows.map(toTask);
  }

  /** The index has the ids in order within each state: a range of each, so that nothing else is read. */
  private async listNewest(
    column: 'owner_id' | 'queue',
    value: string,
    states: readonly StoredState[],
    beforeId: string | undefined,
    limit: number,
  ): Promise<Task[]> {
    const index = column === 'owner_id' ? 'idx_tasks_owner' : 'idx_tasks_queue';
    const ofOneState = `(SELECT ${TASK_COLUMNS} FROM tasks FORCE INDEX (${index})
      WHERE ${column} = ? AND state = ? AND id < ? AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3))
      ORDER BY id DESC LIMIT ?)`;
    const rows: TaskRow[] = await this.transactions.single.query(
      `${states.map(() => ofOneState).join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`,
      [...states.flatMap((state) => [value, state, beforeId ?? AFTER_ALL_IDS, limit]), limit] as unknown[],
    );
    return rows.map(toTask);
  }
}

function statesOf(state: TaskState | undefined): readonly StoredState[] {
  if (state === undefined) return [...NOT_ENDED, 'finished', 'failed', 'cancelled'];
  return state === 'queued' ? ['queued', 'admitted'] : [state];
}

export function toPlace(row: PlaceRow): TaskPlace {
  return {
    id: row.id,
    ownerId: row.owner_id,
    queue: row.queue,
    state: row.state,
    flowId: row.flow_id,
    step: row.step,
  };
}
