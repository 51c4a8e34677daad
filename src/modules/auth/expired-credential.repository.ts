import { Injectable } from '@nestjs/common';
import { afterPlace, type Transaction, Transactions } from '../../platform/database/index.js';

/** Clocks of processes may be behind that of the database, and an access token may outlive its refresh token. */
const GRACE_DAYS = 1;

/** A token, known by its hash, and when it expired. */
export interface ExpiredToken {
  readonly hash: string;
  readonly expiresAt: Date;
}

/** The column that tells a row of each table from the others. */
const HASH_COLUMNS = {
  refresh_tokens: 'token_hash',
  console_sessions: 'cookie_hash',
  revoked_tokens: 'token_hash',
} as const;

interface Row {
  hash: string;
  expires_at: Date;
  session_id: string;
}

/** What can be forgotten of `refresh_tokens`, `console_sessions`, `sessions` and `revoked_tokens`. The database's clock decides. */
@Injectable()
export class ExpiredCredentialRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Refresh tokens that expired a day ago or more, the oldest first, those after a place in that order. */
  async listRefreshTokens(
    after: ExpiredToken | undefined,
    limit: number,
  ): Promise<(ExpiredToken & { sessionId: string })[]> {
    const rows = await this.select('refresh_tokens', ['session_id'], after, limit);
    return rows.map((row) => ({ ...toExpiredToken(row), sessionId: row.session_id }));
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
      return { tokens: forgotten.affectedRows, sessions: await forgetSessions(transaction, tokens) };
    });
  }

  /** Cookies of the console that expired a day ago or more, the oldest first, those after a place in that order. */
  async listConsoleSessions(
    after: ExpiredToken | undefined,
    limit: number,
  ): Promise<(ExpiredToken & { sessionId: string })[]> {
    const rows = await this.select('console_sessions', ['session_id'], after, limit);
    return rows.map((row) => ({ ...toExpiredToken(row), sessionId: row.session_id }));
  }

  /** Forgets such cookies, with the sessions that nothing proves any more. */
  forgetConsoleSessions(
    cookies: readonly { hash: string; sessionId: string }[],
  ): Promise<{ cookies: number; sessions: number }> {
    return this.transactions.run(async (transaction) => {
      if (cookies.length === 0) return { cookies: 0, sessions: 0 };
      const forgotten = await transaction.query<{ affectedRows: number }>(
        'DELETE FROM console_sessions WHERE cookie_hash IN (?)',
        [cookies.map(({ hash }) => hash).sort()],
      );
      return { cookies: forgotten.affectedRows, sessions: await forgetSessions(transaction, cookies) };
    });
  }

  /** Revoked access tokens that expired a day ago or more, in the same order. */
  async listRevokedTokens(after: ExpiredToken | undefined, limit: number): Promise<ExpiredToken[]> {
    return (await this.select('revoked_tokens', [], after, limit)).map(toExpiredToken);
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
    table: keyof typeof HASH_COLUMNS,
    more: readonly string[],
    after: ExpiredToken | undefined,
    limit: number,
  ): Promise<Row[]> {
    const hash = HASH_COLUMNS[table];
    const beyond = afterPlace(['expires_at', hash], after && [after.expiresAt, after.hash]);
    return this.transactions.single.query<Row[]>(
      `SELECT ${[`${hash} AS hash`, 'expires_at', ...more].join(', ')} FROM ${table}
        WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AND ${beyond.sql} ORDER BY expires_at, ${hash} LIMIT ?`,
      [GRACE_DAYS, ...beyond.values, limit],
    );
  }
}

/** Forgets those of these sessions that nothing proves any more. */
async function forgetSessions(
  transaction: Transaction,
  credentials: readonly { sessionId: string }[],
): Promise<number> {
  const { affectedRows } = await transaction.query<{ affectedRows: number }>(
    `DELETE FROM sessions WHERE id IN (?)
       AND NOT EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.session_id = sessions.id)
       AND NOT EXISTS (SELECT 1 FROM console_sessions c WHERE c.session_id = sessions.id)`,
    [[...new Set(credentials.map(({ sessionId }) => sessionId))].sort()],
  );
  return affectedRows;
}

function toExpiredToken({ hash, expires_at }: Row): ExpiredToken {
  return { hash, expiresAt: expires_at };
}
