import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { SettlingErrand } from './domain/errand.js';
import { type SettlingRow, toSettlingErrand } from './errand.rows.js';

const BATCH_SIZE = 200;

const SETTLE = `state = 'settling', due_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)`;

/** What happens to the errands of an erased user, in batches. */
@Injectable()
export class MarketplaceErasureRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Whether anything is kept of a user: of most there is nothing to erase. */
  async hasAnythingOf(userId: string): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      `SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM errand_posters WHERE id = ?)
         OR EXISTS (SELECT 1 FROM errands WHERE poster_id = ?)
         OR EXISTS (SELECT 1 FROM errands WHERE expert_id = ?)
         OR EXISTS (SELECT 1 FROM experts WHERE user_id = ?)`,
      [userId, userId, userId, userId],
    );
    return rows.length > 0;
  }

  /** Lets what an erased poster has running settle: what was delivered is paid, the rest given back. */
  async endPosted(userId: string): Promise<void> {
    await this.repeat(
      `UPDATE errands SET ${SETTLE}, outcome = 'poster_erased', payment = 0
       WHERE poster_id = ? AND state IN ('posting', 'open', 'accepted') LIMIT ?`,
      userId,
    );
    await this.repeat(
      `UPDATE errands SET ${SETTLE}, outcome = 'poster_erased', payment = reward
       WHERE poster_id = ? AND state = 'delivered' LIMIT ?`,
      userId,
    );
  }

  /** Opens again what an erased expert has not delivered; gives back what was held for what he has. */
  async endAccepted(userId: string): Promise<void> {
    await this.repeat(
      `UPDATE errands SET state = 'open', expert_id = NULL, accepted_at = NULL, due_at = deadline_at,
         changed_at = UTC_TIMESTAMP(3)
       WHERE expert_id = ? AND state = 'accepted' LIMIT ?`,
      userId,
    );
    await this.repeat(
      `UPDATE errands SET ${SETTLE}, outcome = 'expert_erased', payment = 0
       WHERE expert_id = ? AND state IN ('delivered', 'disputed') LIMIT ?`,
      userId,
    );
  }

  /** Errands of a user whose coins are to be moved. */
  async listSettling(userId: string): Promise<SettlingErrand[]> {
    const rows: SettlingRow[] = await this.transactions.single.query(
      `SELECT id, poster_id, expert_id, payment FROM errands WHERE poster_id = ? AND state = 'settling'
       UNION SELECT id, poster_id, expert_id, payment FROM errands WHERE expert_id = ? AND state = 'settling'
       LIMIT ?`,
      [userId, userId, BATCH_SIZE],
    );
    return rows.map(toSettlingErrand);
  }

  /** Empties what the user wrote, and what an operator wrote about it. */
  async eraseTexts(userId: string): Promise<void> {
    await this.repeat(
      `UPDATE errands SET title = '', description = '', dispute_reason = NULL, decision_note = NULL
       WHERE poster_id = ? AND (title <> '' OR dispute_reason IS NOT NULL OR decision_note IS NOT NULL) LIMIT ?`,
      userId,
    );
    await this.repeat(
      `UPDATE errands SET delivery = NULL, decision_note = NULL
       WHERE expert_id = ? AND (delivery IS NOT NULL OR decision_note IS NOT NULL) LIMIT ?`,
      userId,
    );
    await this.transactions.single.query('DELETE FROM experts WHERE user_id = ?', [userId]);
    await this.transactions.single.query('DELETE FROM errand_posters WHERE id = ?', [userId]);
  }

  /** Runs an UPDATE of up to a batch until nothing is left to change. */
  private async repeat(sql: string, userId: string): Promise<void> {
    for (let changed = BATCH_SIZE; changed === BATCH_SIZE;) {
      changed = await this.transactions.run(async (transaction) => {
        const result: { affectedRows: number } = await transaction.query(sql, [userId, BATCH_SIZE]);
        return result.affectedRows;
      });
    }
  }
}
