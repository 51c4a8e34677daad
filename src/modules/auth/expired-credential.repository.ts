import { Injectable } from '@nestjs/common';
import { afterPlace, Transactions } from '../../platform/database/index.js';

/** Clocks of processes may be behind that of the database, and an access token may outlive its refresh token. */
const GRACE_DAYS = 1;

/** A token, known by its hash, and when it expired. */
export interface ExpiredToken {
  readonly hash: string;
  readonly expiresAt: Date;
}

type Row = Record<string, unknown>;

/** What can be forgotten of `refresh_tokens`, `sessions` and `revoked_tokens`. The database's clock decides. */
@Injectable()
export class ExpiredCredentialRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Refresh tokens that expired a day ago or more, the oldest first, those after a place in that order. */
  async listRefreshTokens(
    after: ExpiredToken | undefined,
    limit: number,
  ): Promise<(ExpiredToken & { sessionId: string })[]> {
    const rows = await this.select('token_hash, expires_at, session_id', 'refresh_tokens', after, limit);
    return rows.map((row) => ({ ...toExpiredToken(row), sessionId: row['session_id'] as string }));
  }

  /**
   * Forgets such refresh tokens, and the sessions of which none is left. A token that was used is kept until then, so
   * that its second use ends the session.
   */
  forgetRefreshTokens(
    tokens: readonly { hash: string; sessionId: string }[],
  ): Promise<{ tokens: number; sessions: number }> {
    return this.transactions.run(async (transaction) => {
      if (tokens.length === 0) return { tokens: 0, sessions: 0 };
      const forgotten = await transaction.query<{ affectedRows: number }>(
        'DELETE FROM refresh_tokens WHERE token_hash IN (?)',
        [tokens.map(({ hash }) => hash).sort()],
      );
      const ended = await transaction.query<{ affectedRows: number }>(
        `DELETE FROM sessions WHERE id IN (?)
           AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = sessions.id)`,
        [[...new Set(tokens.map(({ sessionId }) => sessionId))].sort()],
      );
      return { tokens: forgotten.affectedRows, sessions: ended.affectedRows };
    });
  }

  /** Revoked access tokens that expired a day ago or more, in the same order. */
  async listRevokedTokens(after: ExpiredToken | undefined, limit: number): Promise<ExpiredToken[]> {
    return (await this.select('token_hash, expires_at', 'revoked_tokens', after, limit)).map(toExpiredToken);
  }

  /** Forgets such access tokens. @returns how many. */
  async forgetRevokedTokens(hashes: readonly string[]): Promise<number> {
    if (hashes.length === 0) return 0;
    const result = await this.transactions.run((transaction) =>
      transaction.query<{ affectedRows: number }>('DELETE FROM revoked_tokens WHERE token_hash IN (?)', [
        [...hashes].sort(),
      ]),
    );
    return result.affectedRows;
  }

  private select(
    columns: string,
    table: string,
    after: ExpiredToken | undefined,
    limit: number,
  ): Promise<Row[]> {
    const beyond = afterPlace(['expires_at', 'token_hash'], after && [after.expiresAt, after.hash]);
    return this.transactions.single.query<Row[]>(
      `SELECT ${columns} FROM ${table}
        WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AND ${beyond.sql} ORDER BY expires_at, token_hash LIMIT ?`,
      [GRACE_DAYS, ...beyond.values, limit],
    );
  }
}

function toExpiredToken(row: Row): ExpiredToken {
  return { hash: row['token_hash'] as string, expiresAt: row['expires_at'] as Date };
}
