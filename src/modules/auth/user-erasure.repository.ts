import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';

const DELETE_BATCH = 1_000;
const SESSIONS_A_BATCH = 200;

/** What is left of a user, and the rows that go. */
@Injectable()
export class UserErasureRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Takes everything personal out of a user's row. The address is free again; nobody can sign in to what is left. */
  async emptyUser(transaction: Transaction, id: string, now: Date): Promise<void> {
    await transaction.query(
      `UPDATE users SET email = CONCAT('erased-', id), password_hash = '', role = 'user', is_disabled = 1, erased_at = ?
        WHERE id = ?`,
      [now, id],
    );
  }

  async findErased(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM users WHERE id IN (?) AND erased_at IS NOT NULL',
      [ids],
    );
    return rows.map((row) => row.id);
  }

  async deleteApiKeys(userId: string): Promise<void> {
    while (await this.deleteSome('DELETE FROM api_keys WHERE owner_id = ? LIMIT ?', [userId, DELETE_BATCH]));
  }

  /** Deletes a user's sessions with their refresh tokens and cookies, some at a time. */
  async deleteSessions(userId: string): Promise<void> {
    for (;;) {
      const rows: { id: string }[] = await this.transactions.single.query(
        'SELECT id FROM sessions WHERE user_id = ? LIMIT ?',
        [userId, SESSIONS_A_BATCH],
      );
      if (rows.length === 0) return;
      const ids = rows.map((row) => row.id);
      const tokens = 'DELETE FROM refresh_tokens WHERE session_id IN (?) LIMIT ?';
      while (await this.deleteSome(tokens, [ids, DELETE_BATCH]));
      const cookies = 'DELETE FROM console_sessions WHERE session_id IN (?) LIMIT ?';
      while (await this.deleteSome(cookies, [ids, DELETE_BATCH]));
      await this.deleteSome('DELETE FROM sessions WHERE id IN (?) LIMIT ?', [ids, DELETE_BATCH]);
    }
  }

  /** Runs a DELETE that ends with a limit of `DELETE_BATCH`. Returns whether there may be more. */
  private deleteSome(sql: string, values: readonly unknown[]): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(sql, [...values]);
      return result.affectedRows === DELETE_BATCH;
    });
  }
}
