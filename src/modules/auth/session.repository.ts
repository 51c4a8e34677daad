import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/index.js';
import type { Role } from './domain/roles.js';
import { RefreshTokenEntity } from './entities/refresh-token.entity.js';
import { SessionEntity } from './entities/session.entity.js';

/** A refresh token with what decides whether it is good. */
export interface FoundRefreshToken {
  sessionId: string;
  userId: string;
  role: Role;
  email: string;
  isUsed: boolean;
  /** False if the session was revoked or its user disabled. */
  isSessionAlive: boolean;
}

/** An access token to refuse, by its hash, until it expires. */
export interface RevokedToken {
  hash: string;
  expiresAtMs: number;
}

/** The sessions to end: one, all of a user, or those of a user that are proved with a cookie. */
export type SessionSelection =
  | { readonly sessionId: string }
  | { readonly userId: string; readonly isConsoleOnly?: boolean };

interface RefreshTokenRow {
  session_id: string;
  user_id: string;
  email: string;
  role: Role;
  is_disabled: number;
  used_at: Date | null;
  revoked_at: Date | null;
}

/** The rows of `sessions`, `refresh_tokens` and `revoked_tokens`. */
@Injectable()
export class SessionRepository {
  async insertSession(transaction: Transaction, session: SessionEntity): Promise<void> {
    await transaction.insert(SessionEntity, session);
  }

  async insertRefreshToken(transaction: Transaction, token: RefreshTokenEntity): Promise<void> {
    await transaction.insert(RefreshTokenEntity, token);
  }

  /**
   * Marks a refresh token as used. Of any number of callers at once, one is told true.
   * @returns false if it is unknown, expired or used before.
   */
  async useRefreshToken(transaction: Transaction, tokenHash: string, now: Date): Promise<boolean> {
    const result = await transaction
      .createQueryBuilder()
      .update(RefreshTokenEntity)
      .set({ usedAt: now })
      .where('token_hash = :tokenHash AND used_at IS NULL AND expires_at > :now', { tokenHash, now })
      .execute();
    return result.affected === 1;
  }

  async findRefreshToken(transaction: Transaction, tokenHash: string): Promise<FoundRefreshToken | null> {
    const [row] = await transaction.query<RefreshTokenRow[]>(
      `SELECT r.session_id, r.used_at, s.user_id, s.revoked_at, u.email, u.role, u.is_disabled
         FROM refresh_tokens r
         JOIN sessions s ON s.id = r.session_id
         JOIN users u ON u.id = s.user_id
        WHERE r.token_hash = ?`,
      [tokenHash],
    );
    if (!row) return null;
    return {
      sessionId: row.session_id,
      userId: row.user_id,
      role: row.role,
      email: row.email,
      isUsed: row.used_at !== null,
      isSessionAlive: row.revoked_at === null && row.is_disabled === 0,
    };
  }

  /**
   * Ends sessions and writes down the access tokens of theirs that have not expired.
   * @returns those tokens, and what cookies of theirs have not expired, for the copy in Redis.
   */
  async revoke(transaction: Transaction, selection: SessionSelection, now: Date): Promise<RevokedToken[]> {
    const { condition, value } = whichSessions(selection);
    const cookies = await transaction.query<TokenRow[]>(
      `SELECT c.cookie_hash AS hash, c.expires_at FROM console_sessions c JOIN sessions s ON s.id = c.session_id
        WHERE ${condition} AND c.expires_at > ?`,
      [value, now],
    );
    const liveTokens = `
         FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
        WHERE ${condition} AND r.access_expires_at > ?`;
    await transaction.query(
      `UPDATE sessions s SET s.revoked_at = ? WHERE ${condition} AND s.revoked_at IS NULL`,
      [now, value],
    );
    await transaction.query(
      `INSERT INTO revoked_tokens (token_hash, expires_at)
       SELECT r.access_token_hash, r.access_expires_at ${liveTokens}
       ON DUPLICATE KEY UPDATE token_hash = revoked_tokens.token_hash`,
      [value, now],
    );
    const tokens = await transaction.query<TokenRow[]>(
      `SELECT r.access_token_hash AS hash, r.access_expires_at AS expires_at ${liveTokens}`,
      [value, now],
    );
    return [...cookies, ...tokens].map(({ hash, expires_at }) => ({
      hash,
      expiresAtMs: expires_at.getTime(),
    }));
  }
}

interface TokenRow {
  hash: string;
  expires_at: Date;
}

function whichSessions(selection: SessionSelection): { condition: string; value: string } {
  if ('sessionId' in selection) return { condition: 's.id = ?', value: selection.sessionId };
  const condition = selection.isConsoleOnly
    ? 's.user_id = ? AND EXISTS (SELECT 1 FROM console_sessions e WHERE e.session_id = s.id)'
    : 's.user_id = ?';
  return { condition, value: selection.userId };
}
