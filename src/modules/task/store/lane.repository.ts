import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import {
  type StoredState,
  storedStates,
  type TaskQueueName,
  taskQueueNames,
  waitingStates,
} from '../domain/task.js';

/** By how much the numbers of a lane change. */
export type LaneChange = Partial<Record<StoredState, number>>;

/** Tasks of a queue by state, over all users. */
export type QueueCounts = Readonly<Record<StoredState, number>>;

const WAITING = waitingStates.join(' + ');

/**
 * The lanes: how many tasks of a user stand how in a queue. Whatever changes the state of tasks locks their lanes
 * first, so that tasks of one lane change one after the other and nothing blocks anything in a circle.
 */
@Injectable()
export class LaneRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Locks all lanes of a user, in one order; makes them, since what is not there cannot be locked.
   * @returns how many of the user's tasks wait.
   */
  async open(transaction: Transaction, ownerId: string): Promise<number> {
    await transaction.query(
      'INSERT INTO task_lanes (owner_id, queue) VALUES ? ON DUPLICATE KEY UPDATE turn = turn',
      [taskQueueNames.toSorted().map((queue) => [ownerId, queue])],
    );
    const rows: { waiting: string | number }[] = await transaction.query(
      `SELECT SUM(${WAITING}) AS waiting FROM task_lanes WHERE owner_id = ?`,
      [ownerId],
    );
    return Number(rows[0]?.waiting ?? 0);
  }

  /** Locks all lanes of a user that there are, in the same order. */
  async lockOf(transaction: Transaction, ownerId: string): Promise<void> {
    await transaction.query('SELECT 1 FROM task_lanes WHERE owner_id = ? ORDER BY queue FOR UPDATE', [
      ownerId,
    ]);
  }

  /** Changes the numbers of a lane, and locks it; makes it if there is none. */
  async shift(
    transaction: Transaction,
    ownerId: string,
    queue: TaskQueueName,
    change: LaneChange,
  ): Promise<void> {
    const turn = (change.queued ?? 0) > 0 ? await this.turnOf(transaction, queue) : 0;
    const changed = storedStates.filter((state) => change[state]);
    if (changed.length === 0) return;
    const by = changed.map((state) => change[state] ?? 0);
    // Each column is set from what it was: those that read `queued` come before it changes.
    const assignments = [
      'turn = IF(is_waiting = 0, GREATEST(turn, ?), turn)',
      'is_waiting = (queued + ?) > 0',
      ...changed.map((state) => `${state} = ${state} + ?`),
    ];
    const queuedBy = change.queued ?? 0;
    await transaction.query(
      `INSERT INTO task_lanes (owner_id, queue, turn, is_waiting, ${changed.join(', ')})
       VALUES (?, ?, ?, ?, ${changed.map(() => '?').join(', ')})
       ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`,
      [ownerId, queue, turn, queuedBy > 0 ? 1 : 0, ...by, turn, queuedBy, ...by],
    );
  }

  /** Tasks by state, of every queue that has had any. */
  async countAll(): Promise<Map<TaskQueueName, QueueCounts>> {
    const rows: ({ queue: TaskQueueName } & Record<StoredState, string>)[] =
      await this.transactions.single.query(
        `SELECT queue, ${storedStates.map((state) => `SUM(${state}) AS ${state}`).join(', ')}
         FROM task_lanes GROUP BY queue`,
      );
    return new Map(rows.map((row) => [row.queue, toCounts(row)]));
  }

  /** The queues in which something waits. */
  async listWaitingQueues(): Promise<TaskQueueName[]> {
    const ofOneQueue = `SELECT ? AS queue FROM DUAL
      WHERE EXISTS (SELECT 1 FROM task_lanes WHERE queue = ? AND is_waiting = 1)`;
    const rows: { queue: TaskQueueName }[] = await this.transactions.single.query(
      taskQueueNames.map(() => ofOneQueue).join(' UNION ALL '),
      taskQueueNames.flatMap((queue) => [queue, queue]),
    );
    return rows.map(({ queue }) => queue);
  }

  /** Forgets lanes of users of whom no task is left. */
  async forgetEmpty(ownerIds: readonly string[]): Promise<void> {
    if (ownerIds.length === 0) return;
    await this.transactions.single.query(
      `DELETE FROM task_lanes WHERE owner_id IN (?) AND ${storedStates.map((state) => `${state} = 0`).join(' AND ')}`,
      [ownerIds],
    );
  }

  private async turnOf(transaction: Transaction, queue: TaskQueueName): Promise<number> {
    const rows: { turn: string | number }[] = await transaction.query(
      'SELECT turn FROM task_queues WHERE queue = ?',
      [queue],
    );
    return Number(rows[0]?.turn ?? 0);
  }
}

function toCounts(row: Record<StoredState, string | number>): QueueCounts {
  return Object.fromEntries(storedStates.map((state) => [state, Number(row[state])])) as QueueCounts;
}
