import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';

/** Clocks of processes may be behind that of the database, and an access token may outlive its refresh token. */
const GRACE_DAYS = 1;

/** What can be forgotten of `refresh_tokens`, `console_sessions`, `sessions` and `revoked_tokens`. The database's clock decides. */
@Injectable()
export class ExpiredCredentialRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Forgets up to `limit` refresh tokens that expired a day ago or more, and the sessions of which none is left. A token
   * that was used is kept until then, so that its second use ends the session.
   */
  forgetRefreshTokens(limit: number): Promise<{ tokens: number; sessions: number }> {
    return this.transactions.run(async (transaction) => {
      const rows = await transaction.query<{ token_hash: string; session_id: string }[]>(
        `SELECT token_hash, session_id FROM refresh_tokens
          WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY expires_at LIMIT ?`,
        [GRACE_DAYS, limit],
      );
      if (rows.length === 0) return { tokens: 0, sessions: 0 };
      await transaction.query('DELETE FROM refresh_tokens WHERE token_hash IN (?)', [
        rows.map((row) => row.token_hash),
      ]);
      return { tokens: rows.length, sessions: await forgetSessions(transaction, rows) };
    });
  }

  /** Forgets up to `limit` cookies of the console that expired a day ago or more, with their sessions. */
  forgetConsoleSessions(limit: number): Promise<{ cookies: number; sessions: number }> {
    return this.transactions.run(async (transaction) => {
      const rows = await transaction.query<{ cookie_hash: string; session_id: string }[]>(
        `SELECT cookie_hash, session_id FROM console_sessions
          WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY expires_at LIMIT ?`,
        [GRACE_DAYS, limit],
      );
      if (rows.length === 0) return { cookies: 0, sessions: 0 };
      await transaction.query('DELETE FROM console_sessions WHERE cookie_hash IN (?)', [
        rows.map((row) => row.cookie_hash),
      ]);
      return { cookies: rows.length, sessions: await forgetSessions(transaction, rows) };
    });
  }

  /** Forgets up to `limit` revoked access tokens that expired a day ago or more. @returns how many. */
  async forgetRevokedTokens(limit: number): Promise<number> {
    const { affectedRows } = await this.transactions.single.query<{ affectedRows: number }>(
      'DELETE FROM revoked_tokens WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY expires_at LIMIT ?',
      [GRACE_DAYS, limit],
    );
    return affectedRows;
  }
}

/** Forgets those of these sessions that nothing proves any more. */
async function forgetSessions(
  transaction: Transaction,
  rows: readonly { session_id: string }[],
): Promise<number> {
  const { affectedRows } = await transaction.query<{ affectedRows: number }>(
    `DELETE FROM sessions WHERE id IN (?)
       AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = sessions.id)
       AND NOT EXISTS (SELECT 1 FROM console_sessions c WHERE c.session_id = sessions.id)`,
    [[...new Set(rows.map((row) => row.session_id))]],
  );
  return affectedRows;
}
