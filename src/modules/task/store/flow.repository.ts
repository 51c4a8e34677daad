import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { shownState, type StoredState, type TaskQueueName, type TaskState } from '../domain/task.js';
import { LaneRepository } from './lane.repository.js';
import { AFTER_ALL_IDS } from './task.repository.js';

/** Tasks in steps; a step waits until all of the one before have finished. */
export interface Flow {
  readonly id: string;
  readonly ownerId: string;
  readonly steps: number;
  readonly currentStep: number;
  /** Tasks of the current step that have not finished. */
  readonly unfinished: number;
}

/** A flow in a list, with the states of those of its tasks that are still kept, step by step. */
export interface FlowSummary {
  readonly id: string;
  readonly currentStep: number;
  readonly createdAt: Date;
  readonly steps: readonly (readonly TaskState[])[];
}

interface FlowRow {
  id: string;
  owner_id: string;
  steps: number;
  current_step: number;
  unfinished: number;
}

/** Keeps what flows wait for. All of it happens under the lock of the flow. */
@Injectable()
export class FlowRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly lanes: LaneRepository,
  ) {}

  /** @param firstStep how many tasks the first step has. */
  async insert(
    transaction: Transaction,
    id: string,
    ownerId: string,
    steps: number,
    firstStep: number,
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO task_flows (id, owner_id, steps, current_step, unfinished, created_at)
       VALUES (?, ?, ?, 0, ?, UTC_TIMESTAMP(3))`,
      [id, ownerId, steps, firstStep],
    );
  }

  async find(id: string): Promise<Flow | undefined> {
    return this.read(this.transactions.single, id, '');
  }

  /** A user's flows, the newest first. */
  async listOf(ownerId: string, beforeId: string | undefined, limit: number): Promise<FlowSummary[]> {
    const flows: (FlowRow & { created_at: Date })[] = await this.transactions.single.query(
      `SELECT id, steps, current_step, created_at FROM task_flows FORCE INDEX (idx_task_flows_owner)
       WHERE owner_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      [ownerId, beforeId ?? AFTER_ALL_IDS, limit],
    );
    if (flows.length === 0) return [];
    const tasks: { flow_id: string; step: number; state: StoredState }[] =
      await this.transactions.single.query(
        `SELECT flow_id, step, state FROM tasks FORCE INDEX (idx_tasks_flow)
         WHERE flow_id IN (?) AND (expires_at IS NULL OR expires_at > UTC_TIMESTAMP(3)) ORDER BY step, id`,
        [flows.map(({ id }) => id)],
      );
    return flows.map((flow) => ({
      id: flow.id,
      currentStep: flow.current_step,
      createdAt: flow.created_at,
      steps: Array.from({ length: flow.steps }, (_, step) =>
        tasks
          .filter((task) => task.flow_id === flow.id && task.step === step)
          .map(({ state }) => shownState(state)),
      ),
    }));
  }

  /** Undefined if there is none any more. */
  lock(transaction: Transaction, id: string): Promise<Flow | undefined> {
    return this.read(transaction, id, 'FOR UPDATE');
  }

  /** A task of the current step has finished; if it was the last, those of the next step are queued. */
  async noteFinished(transaction: Transaction, flow: Flow): Promise<void> {
    const unfinished = flow.unfinished - 1;
    const next = flow.currentStep + 1;
    if (unfinished > 0 || next >= flow.steps) {
      await this.update(transaction, flow.id, flow.currentStep, Math.max(0, unfinished));
      return;
    }
    const isNext = "step = ? AND state = 'deferred'";
    const later = `${isNext} AND due_at > UTC_TIMESTAMP(3)`;
    const scheduled = await this.moveAll(transaction, flow, 'deferred', 'scheduled', later, [next]);
    const queued = await this.moveAll(transaction, flow, 'deferred', 'queued', isNext, [next]);
    await this.update(transaction, flow.id, next, scheduled + queued);
  }

  /** What waits for a step that is not going to finish is cancelled. @param ended how the columns of an end are set. */
  async cancelAfter(transaction: Transaction, flow: Flow, step: number, ended: string): Promise<void> {
    await this.moveAll(
      transaction,
      flow,
      'deferred',
      'cancelled',
      `step > ? AND state = 'deferred'`,
      [step],
      `reason = 'dependency_failed', ${ended}`,
    );
  }

  /** What was cancelled because it waited waits again, up to the first step that still has one that ended badly. */
  async deferAgain(transaction: Transaction, flow: Flow, renewed: string): Promise<void> {
    const rows: { first: number | null }[] = await transaction.query(
      `SELECT MIN(step) AS first FROM tasks WHERE flow_id = ? AND
         (state = 'failed' OR (state = 'cancelled' AND reason <> 'dependency_failed'))`,
      [flow.id],
    );
    const first = rows[0]?.first ?? flow.steps;
    await this.moveAll(
      transaction,
      flow,
      'cancelled',
      'deferred',
      `step <= ? AND state = 'cancelled' AND reason = 'dependency_failed'`,
      [first],
      renewed,
    );
  }

  /** Forgets flows of which no task is left. */
  async forgetEmpty(flowIds: readonly string[]): Promise<void> {
    if (flowIds.length === 0) return;
    await this.transactions.single.query(
      `DELETE FROM task_flows WHERE id IN (?)
         AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.flow_id = task_flows.id)`,
      [flowIds],
    );
  }

  /** Forgets all flows of a user. */
  async forgetOf(ownerId: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM task_flows WHERE owner_id = ?', [ownerId]);
  }

  private async read(
    transaction: Pick<Transaction, 'query'>,
    id: string,
    lock: '' | 'FOR UPDATE',
  ): Promise<Flow | undefined> {
    const [row]: FlowRow[] = await transaction.query(
      `SELECT id, owner_id, steps, current_step, unfinished FROM task_flows WHERE id = ? ${lock}`,
      [id],
    );
    return (
      row && {
        id: row.id,
        ownerId: row.owner_id,
        steps: row.steps,
        currentStep: row.current_step,
        unfinished: row.unfinished,
      }
    );
  }

  private async update(
    transaction: Transaction,
    id: string,
    currentStep: number,
    unfinished: number,
  ): Promise<void> {
    await transaction.query('UPDATE task_flows SET current_step = ?, unfinished = ? WHERE id = ?', [
      currentStep,
      unfinished,
      id,
    ]);
  }

  /** Moves those tasks of a flow that fit, whose lanes are locked. @returns how many. */
  private async moveAll(
    transaction: Transaction,
    { id, ownerId }: Flow,
    from: StoredState,
    to: StoredState,
    where: string,
    values: readonly unknown[],
    set = '',
  ): Promise<number> {
    const rows: { queue: TaskQueueName; found: string | number }[] = await transaction.query(
      `SELECT queue, COUNT(*) AS found FROM tasks WHERE flow_id = ? AND ${where} GROUP BY queue`,
      [id, ...values],
    );
    let total = 0;
    for (const { queue, found } of rows) {
      await this.lanes.shift(transaction, ownerId, queue, { [from]: -Number(found), [to]: Number(found) });
      total += Number(found);
    }
    if (total > 0) {
      await transaction.query(
        `UPDATE tasks SET state = ?${set && `, ${set}`} WHERE flow_id = ? AND ${where}`,
        [to, id, ...values],
      );
    }
    return total;
  }
}
