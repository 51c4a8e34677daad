import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { TaskQueueName } from '../domain/task.js';

/** A run of a task that is at hand for the workers. */
export interface AdmittedTask {
  readonly queue: TaskQueueName;
  readonly taskId: string;
  readonly attempt: number;
}

interface PickedLane {
  owner_id: string;
  turn: string | number;
}

/** Chooses, in fair order, which waiting tasks are given to the workers. */
@Injectable()
export class AdmissionRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Admits as many tasks of a queue as there is room for: each time the best task of the lane whose turn it is. In one
   * process at a time.
   * @param window how many may be at hand. @param maxRunning how many of one user run or are at hand.
   */
  admit(queue: TaskQueueName, window: number, maxRunning: number): Promise<AdmittedTask[]> {
    return this.transactions.run(async (transaction) => {
      let turn = await this.lockQueue(transaction, queue);
      const room = window - (await this.countAtHand(transaction, queue, window));
      const admitted: AdmittedTask[] = [];
      while (admitted.length < room) {
        const lane = await this.pickLane(transaction, queue, maxRunning);
        if (!lane) break;
        turn = Math.max(turn, Number(lane.turn));
        const task = await this.admitBest(transaction, queue, lane.owner_id, turn + 1);
        if (task) admitted.push(task);
      }
      if (admitted.length > 0) {
        await transaction.query('UPDATE task_queues SET turn = ? WHERE queue = ?', [turn, queue]);
      }
      return admitted;
    });
  }

  /** Tasks that have been at hand for so long: what Redis had of them may be lost. */
  async listLongAtHand(queue: TaskQueueName, sinceMs: number, limit: number): Promise<AdmittedTask[]> {
    const rows: { id: string; attempt: number }[] = await this.transactions.single.query(
      `SELECT id, attempt FROM tasks FORCE INDEX (idx_tasks_queue)
       WHERE queue = ? AND state = 'admitted' AND admitted_at <= UTC_TIMESTAMP(3) - INTERVAL ? * 1000 MICROSECOND
       ORDER BY id LIMIT ?`,
      [queue, sinceMs, limit],
    );
    return rows.map(({ id, attempt }) => ({ queue, taskId: id, attempt }));
  }

  private async lockQueue(transaction: Transaction, queue: TaskQueueName): Promise<number> {
    await transaction.query(
      'INSERT INTO task_queues (queue) VALUES (?) ON DUPLICATE KEY UPDATE queue = queue',
      [queue],
    );
    const rows: { turn: string | number }[] = await transaction.query(
      'SELECT turn FROM task_queues WHERE queue = ? FOR UPDATE',
      [queue],
    );
    return Number(rows[0]?.turn ?? 0);
  }

  private async countAtHand(transaction: Transaction, queue: TaskQueueName, limit: number): Promise<number> {
    const rows: { found: string | number }[] = await transaction.query(
      `SELECT COUNT(*) AS found FROM
         (SELECT 1 FROM tasks FORCE INDEX (idx_tasks_queue) WHERE queue = ? AND state = 'admitted' LIMIT ?) AS counted`,
      [queue, limit],
    );
    return Number(rows[0]?.found ?? 0);
  }

  /** Locks the lane whose turn it is. Those at their limit, which it passes over, are no more than tasks that run. */
  private async pickLane(
    transaction: Transaction,
    queue: TaskQueueName,
    maxRunning: number,
  ): Promise<PickedLane | undefined> {
    const [lane]: PickedLane[] = await transaction.query(
      `SELECT owner_id, turn FROM task_lanes FORCE INDEX (idx_task_lanes_turn)
       WHERE queue = ? AND is_waiting = 1 AND admitted + started < ?
       ORDER BY turn, owner_id LIMIT 1 FOR UPDATE`,
      [queue, maxRunning],
    );
    return lane;
  }

  private async admitBest(
    transaction: Transaction,
    queue: TaskQueueName,
    ownerId: string,
    nextTurn: number,
  ): Promise<AdmittedTask | undefined> {
    const [best]: { id: string; attempt: number }[] = await transaction.query(
      `SELECT id, attempt FROM tasks FORCE INDEX (idx_tasks_line)
       WHERE owner_id = ? AND queue = ? AND state = 'queued' ORDER BY priority, id LIMIT 1`,
      [ownerId, queue],
    );
    // Nothing there: the lane said more than there is, and is set right.
    const numbers = best
      ? 'is_waiting = queued > 1, queued = queued - 1, admitted = admitted + 1, turn = ?'
      : 'is_waiting = 0, queued = 0, turn = ?';
    await transaction.query(`UPDATE task_lanes SET ${numbers} WHERE owner_id = ? AND queue = ?`, [
      nextTurn,
      ownerId,
      queue,
    ]);
    if (!best) return undefined;
    await transaction.query(
      `UPDATE tasks SET state = 'admitted', attempt = attempt + 1, admitted_at = UTC_TIMESTAMP(3) WHERE id = ?`,
      [best.id],
    );
    return { queue, taskId: best.id, attempt: best.attempt + 1 };
  }
}
