import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { type TaskQueueName, taskQueueNames, type TaskReason } from '../domain/task.js';
import type { TaskPlace } from './task.repository.js';
import { ENDED_BADLY, ENDED_WELL, TransitionRepository } from './transition.repository.js';

/** A run that has begun: what it writes from now on is conditional on its token. */
export interface StartedRun {
  readonly place: TaskPlace;
  readonly token: string;
  readonly name: string;
  readonly attempt: number;
  /** As it was stored. */
  readonly payload: unknown;
  readonly timeoutMs: number;
  /** Whether it is tried again if this try fails. */
  readonly isLastTry: boolean;
  /** How long the task has waited since its turn came: since it was made, or was due. */
  readonly waitedMs: number;
}

/** Why a try failed. */
export interface TaskFailure {
  readonly reason: TaskReason;
  readonly code: string;
  readonly text: string;
  readonly stack: string | null;
}

/** What a worker hears of a run of its own. By the token: it may have two runs of one task, of which one was lost. */
export interface RunNews {
  readonly token: string;
  readonly isCancelRequested: boolean;
}

/** What comes of a task after a failed try. */
export type AfterFailure = 'failed' | 'tried_later' | 'tried_at_once';

const afterFailure = {
  failed: { state: 'failed', set: `reason = ?, ${ENDED_BADLY}` },
  tried_later: {
    state: 'scheduled',
    set: `run_token = NULL, due_at = UTC_TIMESTAMP(3) + INTERVAL retry_interval_ms * 1000 MICROSECOND`,
  },
  tried_at_once: { state: 'queued', set: 'run_token = NULL' },
} as const;

interface RunRow {
  id: string;
  owner_id: string;
  queue: TaskQueueName;
  name: string;
  payload: string;
  timeout_ms: string | number;
  failures: number;
  max_retries: number;
  flow_id: string | null;
  step: number | null;
  waited_ms: string | number;
}

const LOST_BATCH = 100;

/** Begins, keeps alive and ends the runs of tasks. */
@Injectable()
export class RunRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly transitions: TransitionRepository,
  ) {}

  /** Begins a run. Undefined if it is not to be begun (any more): another has, or the task was cancelled. */
  async begin(
    taskId: string,
    attempt: number,
    token: string,
    workerId: string,
  ): Promise<StartedRun | undefined> {
    const [row]: RunRow[] = await this.transactions.single.query(
      `SELECT id, owner_id, queue, name, payload, timeout_ms, failures, max_retries, flow_id, step,
         TIMESTAMPDIFF(MICROSECOND, GREATEST(created_at, COALESCE(due_at, created_at)), UTC_TIMESTAMP(3)) DIV 1000
           AS waited_ms
       FROM tasks WHERE id = ? AND state = 'admitted' AND attempt = ?`,
      [taskId, attempt],
    );
    if (!row) return undefined;
    const place: TaskPlace = {
      id: row.id,
      ownerId: row.owner_id,
      queue: row.queue,
      state: 'admitted',
      flowId: row.flow_id,
      step: row.step,
    };
    const isBegun = await this.transitions.move(place, 'started', {
      set: 'run_token = ?, worker_id = ?, started_at = UTC_TIMESTAMP(3), heartbeat_at = UTC_TIMESTAMP(3)',
      setValues: [token, workerId],
      where: 'attempt = ?',
      whereValues: [attempt],
    });
    if (!isBegun) return undefined;
    return {
      place: { ...place, state: 'started' },
      token,
      name: row.name,
      attempt,
      payload: JSON.parse(row.payload) as unknown,
      timeoutMs: Number(row.timeout_ms),
      isLastTry: row.failures >= row.max_retries,
      waitedMs: Math.max(0, Number(row.waited_ms)),
    };
  }

  /** @param result JSON. @returns whether the run was still the task's. */
  finish({ place, token }: StartedRun, result: string): Promise<boolean> {
    return this.transitions.move(place, 'finished', {
      set: `result = ?, reason = NULL, error_code = NULL, error = NULL, error_stack = NULL, ${ENDED_WELL}`,
      setValues: [result],
      where: 'run_token = ?',
      whereValues: [token],
    });
  }

  /** Notes a failed try, and what comes of the task. @returns whether the run was still the task's. */
  fail({ place, token }: StartedRun, failure: TaskFailure, next: AfterFailure): Promise<boolean> {
    const { reason, code, text, stack } = failure;
    const { state, set } = afterFailure[next];
    return this.transitions.move(place, state, {
      set: `failures = failures + 1, error_code = ?, error = ?, error_stack = ?, ${set}`,
      setValues: [code, text, stack, ...(next === 'failed' ? [reason] : [])],
      where: 'run_token = ?',
      whereValues: [token],
    });
  }

  /** Ends a run whose task was cancelled. */
  cancel({ place, token }: StartedRun): Promise<boolean> {
    return this.transitions.move(place, 'cancelled', {
      set: `reason = 'cancelled', ${ENDED_BADLY}`,
      where: 'run_token = ?',
      whereValues: [token],
    });
  }

  /** Gives a task back whose worker stops: it is no try. */
  release({ place, token }: StartedRun): Promise<boolean> {
    return this.transitions.move(place, 'queued', {
      set: 'run_token = NULL, started_at = NULL',
      where: 'run_token = ?',
      whereValues: [token],
    });
  }

  /** Shows that runs live. @returns news of those that are still the tasks'. */
  async beat(runs: readonly StartedRun[]): Promise<RunNews[]> {
    if (runs.length === 0) return [];
    const tokens = runs.map(({ token }) => token);
    const ids = runs.map(({ place }) => place.id);
    await this.transactions.single.query(
      `UPDATE tasks SET heartbeat_at = UTC_TIMESTAMP(3) WHERE id IN (?) AND state = 'started' AND run_token IN (?)`,
      [ids, tokens],
    );
    const rows: { run_token: string; is_cancel_requested: number }[] = await this.transactions.single.query(
      `SELECT run_token, is_cancel_requested FROM tasks WHERE id IN (?) AND state = 'started' AND run_token IN (?)`,
      [ids, tokens],
    );
    return rows.map((row) => ({ token: row.run_token, isCancelRequested: row.is_cancel_requested === 1 }));
  }

  /** Which worker runs what, the oldest first. */
  async listRunning(limit: number): Promise<{ taskId: string; workerId: string }[]> {
    const ofOneQueue = `(SELECT id, worker_id, started_at FROM tasks FORCE INDEX (idx_tasks_queue)
      WHERE queue = ? AND state = 'started' LIMIT ?)`;
    const rows: { id: string; worker_id: string }[] = await this.transactions.single.query(
      `${taskQueueNames.map(() => ofOneQueue).join(' UNION ALL ')} ORDER BY started_at`,
      taskQueueNames.flatMap((queue) => [queue, limit]),
    );
    return rows.map(({ id, worker_id }) => ({ taskId: id, workerId: worker_id }));
  }

  /** Runs that have shown no sign of life for so long. */
  async listLost(queue: TaskQueueName, silentMs: number): Promise<StartedRun[]> {
    const rows: (RunRow & { attempt: number; run_token: string })[] = await this.transactions.single.query(
      `SELECT id, owner_id, queue, name, attempt, payload, timeout_ms, failures, max_retries, flow_id, step, run_token
       FROM tasks FORCE INDEX (idx_tasks_queue)
       WHERE queue = ? AND state = 'started' AND heartbeat_at <= UTC_TIMESTAMP(3) - INTERVAL ? * 1000 MICROSECOND
       ORDER BY id LIMIT ?`,
      [queue, silentMs, LOST_BATCH],
    );
    return rows.map((row) => ({
      place: {
        id: row.id,
        ownerId: row.owner_id,
        queue: row.queue,
        state: 'started',
        flowId: row.flow_id,
        step: row.step,
      },
      token: row.run_token,
      name: row.name,
      attempt: row.attempt,
      payload: undefined,
      timeoutMs: Number(row.timeout_ms),
      isLastTry: row.failures >= row.max_retries,
      waitedMs: 0,
    }));
  }
}
