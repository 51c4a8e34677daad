import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { hasEnded, type StoredState, type TaskReason } from '../domain/task.js';
import { FlowRepository } from './flow.repository.js';
import { LaneRepository } from './lane.repository.js';
import type { TaskPlace } from './task.repository.js';

/** The task was not in the state any more that it was to be taken from: everything is rolled back. */
export class TaskMovedError extends Error {}

/** What else changes with the state, and on what it depends besides the old state. */
export interface Change {
  readonly set?: string;
  readonly setValues?: readonly unknown[];
  readonly where?: string;
  readonly whereValues?: readonly unknown[];
}

const END = `ended_at = UTC_TIMESTAMP(3), live_key = NULL, run_token = NULL, is_cancel_requested = 0`;
/** How an ended task becomes new again. */
const RENEWED = `reason = NULL, failures = 0, error_code = NULL, error = NULL, error_stack = NULL, result = NULL,
  started_at = NULL, ended_at = NULL, expires_at = NULL, due_at = NULL, live_key = key_hash, is_cancel_requested = 0`;

export const ENDED_WELL = `${END}, expires_at = UTC_TIMESTAMP(3) + INTERVAL result_ttl_ms * 1000 MICROSECOND`;
export const ENDED_BADLY = `${END}, expires_at = UTC_TIMESTAMP(3) + INTERVAL failure_ttl_ms * 1000 MICROSECOND`;

/** Changes the states of tasks, together with the numbers of their lanes and what waits for them in their flows. */
@Injectable()
export class TransitionRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly lanes: LaneRepository,
    private readonly flows: FlowRepository,
  ) {}

  /** Takes a task from the state of `place` to another. @returns whether it was in that state. */
  async move(place: TaskPlace, to: StoredState, change: Change = {}): Promise<boolean> {
    try {
      await this.transactions.run((transaction) => this.moveWithin(transaction, place, to, change));
      return true;
    } catch (error) {
      if (error instanceof TaskMovedError) return false;
      throw error;
    }
  }

  /** Cancels a task that does not run. @returns whether it was as `place` says. */
  cancel(place: TaskPlace, reason: TaskReason): Promise<boolean> {
    return this.move(place, 'cancelled', { set: `reason = ?, ${ENDED_BADLY}`, setValues: [reason] });
  }

  /** Has the run of a task told that it is to end. @returns whether it runs. */
  async requestCancel(id: string): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      `UPDATE tasks SET is_cancel_requested = 1 WHERE id = ? AND state = 'started'`,
      [id],
    );
    return result.affectedRows === 1;
  }

  /**
   * Has a task that failed or was cancelled run again as if it were new; what waited for it in its flow waits again.
   * @returns whether it was as `place` says. @throws a duplicate-key error if another with its key has not ended.
   */
  async requeue(place: TaskPlace): Promise<boolean> {
    try {
      await this.transactions.run(async (transaction) => {
        const flow = place.flowId === null ? undefined : await this.flows.lock(transaction, place.flowId);
        await this.lanes.lockOf(transaction, place.ownerId);
        const isEarly = flow !== undefined && (place.step ?? 0) > flow.currentStep;
        await this.change(transaction, place, isEarly ? 'deferred' : 'queued', { set: RENEWED });
        if (flow) await this.flows.deferAgain(transaction, flow, RENEWED);
      });
      return true;
    } catch (error) {
      if (error instanceof TaskMovedError) return false;
      throw error;
    }
  }

  private async moveWithin(
    transaction: Transaction,
    place: TaskPlace,
    to: StoredState,
    change: Change,
  ): Promise<void> {
    // The flow, then the lanes, then the tasks: always in this order.
    const isEnd = hasEnded(to) && place.flowId !== null;
    const flow = isEnd && place.flowId ? await this.flows.lock(transaction, place.flowId) : undefined;
    if (flow) await this.lanes.lockOf(transaction, place.ownerId);
    await this.change(transaction, place, to, change);
    if (!flow) return;
    if (to === 'finished') await this.flows.noteFinished(transaction, flow);
    else await this.flows.cancelAfter(transaction, flow, place.step ?? 0, ENDED_BADLY);
  }

  private async change(
    transaction: Transaction,
    place: TaskPlace,
    to: StoredState,
    { set = '', setValues = [], where = 'TRUE', whereValues = [] }: Change,
  ): Promise<void> {
    await this.lanes.shift(transaction, place.ownerId, place.queue, { [place.state]: -1, [to]: 1 });
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE tasks SET state = ?${set && `, ${set}`} WHERE id = ? AND state = ? AND ${where}`,
      [to, ...setValues, place.id, place.state, ...whereValues],
    );
    if (result.affectedRows !== 1)
      throw new TaskMovedError(`The task ${place.id} is ${place.state} no more.`);
  }
}
