import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { Errand, ErrandOutcome, ErrandState, SettlingErrand } from './domain/errand.js';
import {
  ERRAND_COLUMNS,
  type ErrandRow,
  type SettlingRow,
  toErrand,
  toSettlingErrand,
} from './errand.rows.js';

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

  /**
   * Lets up to `limit` due errands of a state settle. Two processes at once share them.
   * @returns how many it let.
   */
  beginSettling(
    from: ErrandState,
    { outcome, isPaid }: { outcome: ErrandOutcome; isPaid: boolean },
    limit: number,
  ): Promise<number> {
    return this.update(
      `UPDATE errands FORCE INDEX (idx_errands_due)
       SET state = 'settling', outcome = ?, payment = ${isPaid ? 'reward' : '0'}, due_at = UTC_TIMESTAMP(3),
         changed_at = UTC_TIMESTAMP(3)
       WHERE state = ? AND due_at <= UTC_TIMESTAMP(3) ORDER BY due_at LIMIT ?`,
      [outcome, from, limit],
    );
  }

  /** Errands that settle and that nobody works on, those due the longest first. */
  async listSettling(limit: number): Promise<SettlingErrand[]> {
    const rows: SettlingRow[] = await this.transactions.single.query(
      `SELECT id, poster_id, expert_id, payment FROM errands FORCE INDEX (idx_errands_due)
       WHERE state = 'settling' AND due_at <= UTC_TIMESTAMP(3) ORDER BY due_at LIMIT ?`,
      [limit],
    );
    return rows.map(toSettlingErrand);
  }

  /** Errands of a state for which something is due. */
  async listDue(state: ErrandState, limit: number): Promise<Errand[]> {
    const rows: ErrandRow[] = await this.transactions.single.query(
      `SELECT ${ERRAND_COLUMNS} FROM errands FORCE INDEX (idx_errands_due)
       WHERE state = ? AND due_at <= UTC_TIMESTAMP(3) ORDER BY due_at LIMIT ?`,
      [state, limit],
    );
    return rows.map(toErrand);
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

  /** Ends an errand that nothing can be paid for, as its hold is gone. */
  finishWithoutHold(id: string): Promise<number> {
    return this.updateSome(
      `UPDATE errands SET state = 'cancelled', outcome = 'hold_lost', payment = 0, due_at = NULL,
         ended_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)
       WHERE id IN (?) AND state = 'settling'`,
      [id],
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

  private async updateSome(sql: string, ids: readonly string[]): Promise<number> {
    return ids.length === 0 ? 0 : this.update(sql, [ids]);
  }

  private update(sql: string, values: unknown[]): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(sql, values);
      return result.affectedRows;
    });
  }
}
