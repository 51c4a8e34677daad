import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { type TaskQueueName, taskQueueNames } from '../domain/task.js';

/** The lane of a user in a queue: what of the user's waits and runs, and when it is the user's turn. */
export interface Lane {
  readonly ownerId: string;
  /** Of the lanes that wait, the one with the smallest comes next. */
  readonly turn: number;
  readonly isWaiting: boolean;
  /** Waits for its turn, not yet at hand for the workers. */
  readonly queued: number;
  /** Had its turn, and is about to run. */
  readonly admitted: number;
  readonly started: number;
  readonly scheduled: number;
  readonly deferred: number;
}

/** How long a task that finished had waited, and then ran. */
export interface TaskTimes {
  readonly queue: TaskQueueName;
  readonly waitedMs: number;
  readonly ranMs: number;
}

interface LaneRow {
  owner_id: string;
  turn: string | number;
  is_waiting: number;
  queued: number;
  admitted: number;
  started: number;
  scheduled: number;
  deferred: number;
}

const LANE_COLUMNS =
  'l.owner_id, l.turn, l.is_waiting, l.queued, l.admitted, l.started, l.scheduled, l.deferred';

/** Reads how the queues of tasks get on. It locks nothing, and reads only ranges of indexes. */
@Injectable()
export class OverviewRepository {
  constructor(private readonly transactions: Transactions) {}

  /** How many users wait in each queue in which any does. */
  async countWaitingUsers(): Promise<Map<TaskQueueName, number>> {
    const rows: { queue: TaskQueueName; found: string | number }[] = await this.transactions.single.query(
      `SELECT queue, COUNT(*) AS found FROM task_lanes FORCE INDEX (idx_task_lanes_turn)
       WHERE queue IN (?) AND is_waiting = 1 GROUP BY queue`,
      [taskQueueNames],
    );
    return new Map(rows.map(({ queue, found }) => [queue, Number(found)]));
  }

  /** Times of the newest tasks that finished, at most so many of each queue. */
  async listTimes(limitOfQueue: number): Promise<TaskTimes[]> {
    const ofOneQueue = `(SELECT queue,
        TIMESTAMPDIFF(MICROSECOND, GREATEST(created_at, COALESCE(due_at, created_at)), started_at) AS waited_us,
        TIMESTAMPDIFF(MICROSECOND, started_at, ended_at) AS ran_us
      FROM tasks FORCE INDEX (idx_tasks_queue)
      WHERE queue = ? AND state = 'finished' AND expires_at > UTC_TIMESTAMP(3) ORDER BY id DESC LIMIT ?)`;
    const rows: { queue: TaskQueueName; waited_us: string | number; ran_us: string | number }[] =
      await this.transactions.single.query(
        taskQueueNames.map(() => ofOneQueue).join(' UNION ALL '),
        taskQueueNames.flatMap((queue) => [queue, limitOfQueue]),
      );
    return rows.map(({ queue, waited_us, ran_us }) => ({
      queue,
      waitedMs: Math.max(0, Number(waited_us) / 1_000),
      ranMs: Math.max(0, Number(ran_us) / 1_000),
    }));
  }

  /** The turn at which a queue is: that of the lane that came last. */
  async readTurn(queue: TaskQueueName): Promise<number> {
    const [row]: { turn: string | number }[] = await this.transactions.single.query(
      'SELECT turn FROM task_queues WHERE queue = ?',
      [queue],
    );
    return Number(row?.turn ?? 0);
  }

  /** The lanes that wait in the order in which they come next, then those of which tasks only run; so many of both. */
  async listLanes(queue: TaskQueueName, limit: number): Promise<Lane[]> {
    const waiting: LaneRow[] = await this.transactions.single.query(
      `SELECT ${LANE_COLUMNS} FROM task_lanes l FORCE INDEX (idx_task_lanes_turn)
       WHERE l.queue = ? AND l.is_waiting = 1 ORDER BY l.turn, l.owner_id LIMIT ?`,
      [queue, limit],
    );
    const room = limit - waiting.length;
    if (room === 0) return waiting.map(toLane);
    const atWork = `SELECT owner_id FROM tasks FORCE INDEX (idx_tasks_queue)
      WHERE queue = ? AND state IN ('admitted', 'started') GROUP BY owner_id`;
    const running: LaneRow[] = await this.transactions.single.query(
      `SELECT ${LANE_COLUMNS} FROM (${atWork}) AS w JOIN task_lanes l ON l.owner_id = w.owner_id AND l.queue = ?
       WHERE l.is_waiting = 0 ORDER BY l.turn, l.owner_id LIMIT ?`,
      [queue, queue, room],
    );
    return [...waiting, ...running].map(toLane);
  }
}

function toLane(row: LaneRow): Lane {
  return {
    ownerId: row.owner_id,
    turn: Number(row.turn),
    isWaiting: row.is_waiting === 1,
    queued: row.queued,
    admitted: row.admitted,
    started: row.started,
    scheduled: row.scheduled,
    deferred: row.deferred,
  };
}
