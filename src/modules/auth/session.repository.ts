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

/** The sessions to end: one, or all of a user. */
export type SessionSelection = { readonly sessionId: string } | { readonly userId: string };

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
   * @returns those tokens, for the copy in Redis.
   */
  async revoke(transaction: Transaction, selection: SessionSelection, now: Date): Promise<RevokedToken[]> {
    const [column, value] =
      'sessionId' in selection ? ['id', selection.sessionId] : ['user_id', selection.userId];
    const liveTokens = `
         FROM refresh_tokens r JOIN sessions s ON s.id = r.session_id
        WHERE s.${column} = ? AND r.access_expires_at > ?`;
    await transaction.query(`UPDATE sessions SET revoked_at = ? WHERE ${column} = ? AND revoked_at IS NULL`, [
      now,
      value,
    ]);
    await transaction.query(
      `INSERT INTO revoked_tokens (token_hash, expires_at)
       SELECT r.access_token_hash, r.access_expires_at ${liveTokens}
       ON DUPLICATE KEY UPDATE token_hash = revoked_tokens.token_hash`,
      [value, now],
    );
    const rows = await transaction.query<{ access_token_hash: string; access_expires_at: Date }[]>(
      `SELECT r.access_token_hash, r.access_expires_at ${liveTokens}`,
      [value, now],
    );
    return rows.map((row) => ({
      hash: row.access_token_hash,
      expiresAtMs: row.access_expires_at.getTime(),
    }));
  }
}
