import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { GrantState } from '../coin-rewards.js';

export interface Payout {
  activityId: string;
  userId: string;
  kind: 'coins' | 'points';
  /** Micro-coins, or points. */
  amount: bigint;
  /** Of points alone. */
  validDays: number | null;
  /** On the leaderboard, where the rule rewards places. */
  place: number | null;
  state: GrantState;
  paidAt: Date | null;
}

export type NewPayout = Omit<Payout, 'state' | 'paidAt'>;

type Row = Record<string, unknown>;

const COLUMNS = 'activity_id, user_id, kind, amount, valid_days, place, state, paid_at';

/** Who gets what for an activity: one row for each payee, which the primary key refuses twice. */
@Injectable()
export class PayoutRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Adds payouts, pending; those that are there already stay as they are. */
  async insert(transaction: Transaction, payouts: readonly NewPayout[]): Promise<void> {
    if (payouts.length === 0) return;
    await transaction.query(`INSERT IGNORE INTO activity_payouts (${COLUMNS}) VALUES ?`, [
      payouts.map((payout) => [
        payout.activityId,
        payout.userId,
        payout.kind,
        payout.amount,
        payout.validDays,
        payout.place,
        'pending',
        null,
      ]),
    ]);
  }

  async listPending(activityId: string, limit: number): Promise<Payout[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activity_payouts FORCE INDEX (idx_activity_payouts_state)
       WHERE activity_id = ? AND state = 'pending' ORDER BY user_id LIMIT ?`,
      [activityId, limit],
    );
    return rows.map(toPayout);
  }

  /** Says how pending payouts of an activity ended. @returns how many were still pending. */
  async finish(activityId: string, userIds: readonly string[], state: GrantState): Promise<number> {
    if (userIds.length === 0) return 0;
    const result = await this.transactions.run((transaction) =>
      transaction.query<{ affectedRows: number }>(
        `UPDATE activity_payouts SET state = ?, paid_at = UTC_TIMESTAMP(3)
         WHERE activity_id = ? AND user_id IN (?) AND state = 'pending'`,
        [state, activityId, userIds],
      ),
    );
    return result.affectedRows;
  }

  /** Payouts in the order of the users' ids, those above `after`. */
  async list(activityId: string, after: string, limit: number): Promise<Payout[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activity_payouts WHERE activity_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
      [activityId, after, limit],
    );
    return rows.map(toPayout);
  }
}

function toPayout(row: Row): Payout {
  return {
    activityId: row['activity_id'] as string,
    userId: row['user_id'] as string,
    kind: row['kind'] as Payout['kind'],
    amount: BigInt(row['amount'] as string),
    validDays: row['valid_days'] === null ? null : Number(row['valid_days']),
    place: row['place'] === null ? null : Number(row['place']),
    state: row['state'] as GrantState,
    paidAt: row['paid_at'] as Date | null,
  };
}
