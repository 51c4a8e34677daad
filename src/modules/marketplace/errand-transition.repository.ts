import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';

/** How long whoever lets an errand settle may take to move its coins before a worker does so. */
const SETTLING_SECONDS = 60;

/**
 * The steps of single errands: each changes the state if it is what the step begins with, and tells whether it was.
 * The database's clock decides.
 */
@Injectable()
export class ErrandTransitionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The reward is held: the errand can be seen. */
  open(id: string): Promise<boolean> {
    return this.change(`state = 'open', due_at = deadline_at`, `id = ? AND state = 'posting'`, [id]);
  }

  /** Forgets an errand whose reward was refused. */
  async deletePosting(id: string): Promise<void> {
    await this.transactions.single.query(`DELETE FROM errands WHERE id = ? AND state = 'posting'`, [id]);
  }

  accept(transaction: Transaction, id: string, expertId: string, graceHours: number): Promise<boolean> {
    return this.change(
      `state = 'accepted', expert_id = ?, accepted_at = UTC_TIMESTAMP(3),
       due_at = deadline_at + INTERVAL ? HOUR`,
      `id = ? AND state = 'open' AND deadline_at > UTC_TIMESTAMP(3) AND poster_id <> ?`,
      [expertId, graceHours, id, expertId],
      transaction,
    );
  }

  /** How many errands an expert, whose profile is locked, has to deliver; up to `limit`. */
  async countAccepted(transaction: Transaction, expertId: string, limit: number): Promise<number> {
    const rows: { found: string | number }[] = await transaction.query(
      `SELECT COUNT(*) AS found FROM
         (SELECT 1 FROM errands WHERE expert_id = ? AND state = 'accepted' LIMIT ?) AS counted`,
      [expertId, limit],
    );
    return Number(rows[0]?.found ?? 0);
  }

  deliver(id: string, expertId: string, delivery: string, autoConfirmHours: number): Promise<boolean> {
    return this.change(
      `state = 'delivered', delivery = ?, delivered_at = UTC_TIMESTAMP(3),
       due_at = UTC_TIMESTAMP(3) + INTERVAL ? HOUR`,
      `id = ? AND state = 'accepted' AND expert_id = ? AND due_at > UTC_TIMESTAMP(3)`,
      [delivery, autoConfirmHours, id, expertId],
    );
  }

  /** It is due at once: a worker renews the hold, which was made for less time than a dispute may take. */
  dispute(id: string, posterId: string, reason: string): Promise<boolean> {
    return this.change(
      `state = 'disputed', dispute_reason = ?, disputed_at = UTC_TIMESTAMP(3),
       due_at = UTC_TIMESTAMP(3)`,
      `id = ? AND state = 'delivered' AND poster_id = ? AND due_at > UTC_TIMESTAMP(3)`,
      [reason, id, posterId],
    );
  }

  confirm(id: string, posterId: string): Promise<boolean> {
    return this.change(
      `state = 'settling', outcome = 'confirmed', payment = reward, due_at = ${SETTLING_DUE}`,
      `id = ? AND state = 'delivered' AND poster_id = ?`,
      [id, posterId],
    );
  }

  cancel(id: string, posterId: string): Promise<boolean> {
    return this.change(
      `state = 'settling', outcome = 'cancelled_by_poster', payment = 0, due_at = ${SETTLING_DUE}`,
      `id = ? AND state = 'open' AND poster_id = ?`,
      [id, posterId],
    );
  }

  decide(
    transaction: Transaction,
    decision: { id: string; payment: MicroCoins; operatorId: string; note: string },
  ): Promise<boolean> {
    return this.change(
      `state = 'settling', outcome = 'decided', payment = ?, decided_by = ?, decision_note = ?,
       due_at = ${SETTLING_DUE}`,
      `id = ? AND state = 'disputed' AND reward >= ?`,
      [decision.payment, decision.operatorId, decision.note, decision.id, decision.payment],
      transaction,
    );
  }

  private async change(
    set: string,
    where: string,
    values: readonly unknown[],
    transaction?: Transaction,
  ): Promise<boolean> {
    // By itself it is tried again if it meets a batch of a worker in the other order.
    if (!transaction) return this.transactions.run((own) => this.change(set, where, values, own));
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE errands SET ${set}, changed_at = UTC_TIMESTAMP(3) WHERE ${where}`,
      [...values],
    );
    return result.affectedRows === 1;
  }
}

const SETTLING_DUE = `UTC_TIMESTAMP(3) + INTERVAL ${SETTLING_SECONDS} SECOND`;
