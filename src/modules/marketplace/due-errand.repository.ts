import { Injectable } from '@nestjs/common';
import { afterPlace, Transactions } from '../../platform/database/index.js';
import type { Errand, ErrandOutcome, ErrandState, SettlingErrand } from './domain/errand.js';
import {
  ERRAND_COLUMNS,
  type ErrandRow,
  type SettlingRow,
  toErrand,
  toSettlingErrand,
} from './errand.rows.js';

/** A place in the order in which errands are due. */
export interface DuePlace {
  readonly dueAt: Date;
  readonly id: string;
}

/** When a worker looks again at an errand whose coins could not be moved. */
const POSTPONED_MINUTES = 10;
/** When the hold of a dispute is renewed again. */
const DISPUTE_LOOK_DAYS = 90;

/**
 * The errands for which something is due, by the database's clock, in batches: each its own short statement, found by
 * the index of states and due times.
 */
@Injectable()
export class DueErrandRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Errands of a state for which something is due, those due the longest first, those after a place in that order. */
  async listDue(state: ErrandState, after: DuePlace | undefined, limit: number): Promise<DuePlace[]> {
    const rows = await this.selectDue<{ id: string; due_at: Date }>('id, due_at', state, after, limit);
    return rows.map(({ id, due_at }) => ({ id, dueAt: due_at }));
  }

  /** Errands whose posting was cut off. */
  async listPosting(limit: number): Promise<Errand[]> {
    return (await this.selectDue<ErrandRow>(ERRAND_COLUMNS, 'posting', undefined, limit)).map(toErrand);
  }

  /** Lets those of these errands settle that are still due in a state. @returns how many it let. */
  beginSettling(
    ids: readonly string[],
    from: ErrandState,
    { outcome, isPaid }: { outcome: ErrandOutcome; isPaid: boolean },
  ): Promise<number> {
    return this.updateSome(
      `UPDATE errands FORCE INDEX (PRIMARY)
       SET state = 'settling', outcome = ?, payment = ${isPaid ? 'reward' : '0'}, due_at = UTC_TIMESTAMP(3),
         changed_at = UTC_TIMESTAMP(3)
       WHERE id IN (?) AND state = ? AND due_at <= UTC_TIMESTAMP(3)`,
      ids,
      [[outcome], [from]],
    );
  }

  /** Those of these errands that settle and that nobody works on. */
  async findSettling(ids: readonly string[]): Promise<SettlingErrand[]> {
    if (ids.length === 0) return [];
    const rows: SettlingRow[] = await this.transactions.single.query(
      `SELECT id, poster_id, expert_id, payment FROM errands FORCE INDEX (PRIMARY)
       WHERE id IN (?) AND state = 'settling' AND due_at <= UTC_TIMESTAMP(3)`,
      [ids],
    );
    return rows.map(toSettlingErrand);
  }

  /** Ends errands whose coins were moved. @returns how many were not ended before. */
  finish(ids: readonly string[]): Promise<number> {
    return this.updateSome(
      `UPDATE errands SET state = IF(payment > 0, 'completed', 'cancelled'), due_at = NULL,
         ended_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)
       WHERE id IN (?) AND state = 'settling'`,
      ids,
    );
  }

  /** Ends errands that nothing can be paid for, as their holds are gone. @returns how many were not ended before. */
  finishWithoutHold(ids: readonly string[]): Promise<number> {
    return this.updateSome(
      `UPDATE errands SET state = 'cancelled', outcome = 'hold_lost', payment = 0, due_at = NULL,
         ended_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)
       WHERE id IN (?) AND state = 'settling'`,
      ids,
    );
  }

  /** Has errands looked at again later. */
  postpone(ids: readonly string[]): Promise<number> {
    return this.updateSome(
      `UPDATE errands SET due_at = UTC_TIMESTAMP(3) + INTERVAL ${POSTPONED_MINUTES} MINUTE
       WHERE id IN (?) AND state IN ('settling', 'posting')`,
      ids,
    );
  }

  /** Notes that the holds of disputes were renewed. */
  noteRenewed(ids: readonly string[]): Promise<number> {
    return this.updateSome(
      `UPDATE errands SET due_at = UTC_TIMESTAMP(3) + INTERVAL ${DISPUTE_LOOK_DAYS} DAY
       WHERE id IN (?) AND state = 'disputed'`,
      ids,
    );
  }

  private selectDue<R>(
    columns: string,
    state: ErrandState,
    after: DuePlace | undefined,
    limit: number,
  ): Promise<R[]> {
    const beyond = afterPlace(['due_at', 'id'], after && [after.dueAt, after.id]);
    return this.transactions.single.query<R[]>(
      `SELECT ${columns} FROM errands FORCE INDEX (idx_errands_due)
       WHERE state = ? AND due_at <= UTC_TIMESTAMP(3) AND ${beyond.sql} ORDER BY due_at, id LIMIT ?`,
      [state, ...beyond.values, limit],
    );
  }

  /** @param values those that stand before the ids, and after them. */
  private async updateSome(
    sql: string,
    ids: readonly string[],
    [before, after]: [unknown[], unknown[]] = [[], []],
  ): Promise<number> {
    if (ids.length === 0) return 0;
    // In one order, so that two who do so at once do not wait for each other crosswise.
    const values = [...before, [...ids].sort(), ...after];
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(sql, values);
      return result.affectedRows;
    });
  }
}
