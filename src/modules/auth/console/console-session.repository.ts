import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { Role } from '../domain/roles.js';

/** What the database knows of a console's cookie. */
export interface ConsoleCredential {
  sessionId: string;
  userId: string;
  email: string;
  role: Role;
  expiresAtMs: number;
  /** True if the session was ended or its user disabled. */
  isRevoked: boolean;
}

interface CredentialRow {
  session_id: string;
  user_id: string;
  email: string;
  role: Role;
  expires_at: Date;
  is_revoked: string | number;
}

/** The rows of `console_sessions`: the cookies of sessions, by their hashes. */
@Injectable()
export class ConsoleSessionRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(
    transaction: Transaction,
    { cookieHash, sessionId, expiresAt }: { cookieHash: string; sessionId: string; expiresAt: Date },
  ): Promise<void> {
    await transaction.query(
      'INSERT INTO console_sessions (cookie_hash, session_id, expires_at) VALUES (?, ?, ?)',
      [cookieHash, sessionId, expiresAt],
    );
  }

  async find(cookieHash: string): Promise<ConsoleCredential | null> {
    const [row] = await this.transactions.single.query<CredentialRow[]>(
      `SELECT c.session_id, c.expires_at, s.user_id, u.email, u.role,
              (s.revoked_at IS NOT NULL OR u.is_disabled = 1) AS is_revoked
         FROM console_sessions c
         JOIN sessions s ON s.id = c.session_id
         JOIN users u ON u.id = s.user_id
        WHERE c.cookie_hash = ?`,
      [cookieHash],
    );
    if (!row) return null;
    return {
      sessionId: row.session_id,
      userId: row.user_id,
      email: row.email,
      role: row.role,
      expiresAtMs: row.expires_at.getTime(),
      isRevoked: Number(row.is_revoked) === 1,
    };
  }
}
