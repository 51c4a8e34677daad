import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { StoredState, TaskQueueName } from '../domain/task.js';
import { FlowRepository } from './flow.repository.js';
import { LaneRepository } from './lane.repository.js';
import { toPlace } from './task.repository.js';
import { TransitionRepository } from './transition.repository.js';

interface ExpiredRow {
  id: string;
  owner_id: string;
  queue: TaskQueueName;
  state: StoredState;
  flow_id: string | null;
}

/** What happens to tasks with time. */
@Injectable()
export class UpkeepRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly lanes: LaneRepository,
    private readonly flows: FlowRepository,
    private readonly transitions: TransitionRepository,
  ) {}

  /** Queues tasks whose time has come. @returns the queues of those that were found. */
  async promoteDue(limit: number): Promise<TaskQueueName[]> {
    const rows: Parameters<typeof toPlace>[0][] = await this.transactions.single.query(
      `SELECT id, owner_id, queue, state, flow_id, step FROM tasks FORCE INDEX (idx_tasks_due)
       WHERE state = 'scheduled' AND due_at <= UTC_TIMESTAMP(3) ORDER BY due_at LIMIT ?`,
      [limit],
    );
    for (const row of rows) await this.transitions.move(toPlace(row), 'queued');
    return rows.map(({ queue }) => queue);
  }

  /** Deletes tasks that have expired. @returns how many were found. */
  async forgetExpired(limit: number): Promise<number> {
    const rows: ExpiredRow[] = await this.transactions.single.query(
      `SELECT id, owner_id, queue, state, flow_id FROM tasks FORCE INDEX (idx_tasks_expiry)
       WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT ?`,
      [limit],
    );
    await this.forget(rows, 'expires_at <= UTC_TIMESTAMP(3)');
    return rows.length;
  }

  /** Has the runs of a user's tasks told that they are to end. @returns whether a task is left, in whatever state. */
  async cancelRunsOf(ownerId: string): Promise<boolean> {
    await this.transactions.single.query(
      `UPDATE tasks SET is_cancel_requested = 1 WHERE owner_id = ? AND state = 'started' AND is_cancel_requested = 0`,
      [ownerId],
    );
    const rows: unknown[] = await this.transactions.single.query(
      'SELECT 1 FROM tasks WHERE owner_id = ? LIMIT 1',
      [ownerId],
    );
    return rows.length > 0;
  }

  /** Deletes tasks of a user that do not run. @returns how many were found. */
  async forgetOf(ownerId: string, limit: number): Promise<number> {
    const rows: ExpiredRow[] = await this.transactions.single.query(
      `SELECT id, owner_id, queue, state, flow_id FROM tasks FORCE INDEX (idx_tasks_owner)
       WHERE owner_id = ? AND state <> 'started' LIMIT ?`,
      [ownerId, limit],
    );
    await this.forget(rows, 'TRUE');
    return rows.length;
  }

  /** Lane by lane, so that what is counted and what is deleted agree. */
  private async forget(rows: readonly ExpiredRow[], where: string): Promise<void> {
    const groups = Map.groupBy(rows, ({ owner_id, queue, state }) => `${owner_id} ${queue} ${state}`);
    for (const group of groups.values()) {
      const [first] = group;
      if (!first) continue;
      await this.transactions.run(async (transaction) => {
        await this.lanes.lockOf(transaction, first.owner_id);
        const result: { affectedRows: number } = await transaction.query(
          `DELETE FROM tasks WHERE id IN (?) AND state = ? AND ${where}`,
          [group.map(({ id }) => id), first.state],
        );
        await this.lanes.shift(transaction, first.owner_id, first.queue, {
          [first.state]: -result.affectedRows,
        });
      });
    }
    await this.lanes.forgetEmpty([...new Set(rows.map(({ owner_id }) => owner_id))]);
    await this.flows.forgetEmpty([...new Set(rows.flatMap(({ flow_id }) => flow_id ?? []))]);
  }
}
