import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';

/** Clocks of processes may be behind that of the database, and an access token may outlive its refresh token. */
const GRACE_DAYS = 1;

/** What can be forgotten of `refresh_tokens`, `sessions` and `revoked_tokens`. The database's clock decides. */
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
      const { affectedRows } = await transaction.query<{ affectedRows: number }>(
        `DELETE FROM sessions WHERE id IN (?)
           AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = sessions.id)`,
        [[...new Set(rows.map((row) => row.session_id))]],
      );
      return { tokens: rows.length, sessions: affectedRows };
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
