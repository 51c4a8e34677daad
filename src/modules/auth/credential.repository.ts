import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { Role } from './domain/roles.js';

/** The user behind a credential. */
interface CredentialOwner {
  userId: string;
  email: string;
  role: Role;
}

/** What the database knows of an access token's session. */
export interface SessionCredential extends CredentialOwner {
  /** True if the token or its session was revoked, or the user disabled. */
  isRevoked: boolean;
}

/** What the database knows of an API key. */
export interface KeyCredential extends CredentialOwner {
  keyId: string;
  scopes: string[];
  expiresAtMs: number | undefined;
  /** True if the key was revoked or its owner disabled. */
  isRevoked: boolean;
}

interface OwnerRow {
  user_id: string;
  email: string;
  role: Role;
  is_revoked: string | number;
}

interface KeyRow extends OwnerRow {
  id: string;
  /** MySQL gives JSON parsed, MariaDB as its text. */
  scopes: string | string[];
  expires_at: Date | null;
}

/** Asks all that decides about a credential in one statement: it runs whenever a request's caller is not in the cache. */
@Injectable()
export class CredentialRepository {
  constructor(private readonly transactions: Transactions) {}

  async findSession(
    sessionId: string,
    userId: string,
    accessTokenHash: string,
  ): Promise<SessionCredential | null> {
    const [row] = await this.transactions.single.query<OwnerRow[]>(
      `SELECT s.user_id, u.email, u.role,
              (s.revoked_at IS NOT NULL OR u.is_disabled = 1
               OR EXISTS (SELECT 1 FROM revoked_tokens t WHERE t.token_hash = ?)) AS is_revoked
         FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.id = ? AND s.user_id = ?`,
      [accessTokenHash, sessionId, userId],
    );
    return row ? ownerOf(row) : null;
  }

  async findKey(keyHash: string): Promise<KeyCredential | null> {
    const [row] = await this.transactions.single.query<KeyRow[]>(
      `SELECT k.id, k.scopes, k.expires_at, k.owner_id AS user_id, u.email, u.role,
              (k.revoked_at IS NOT NULL OR u.is_disabled = 1) AS is_revoked
         FROM api_keys k JOIN users u ON u.id = k.owner_id
        WHERE k.key_hash = ?`,
      [keyHash],
    );
    if (!row) return null;
    return {
      ...ownerOf(row),
      keyId: row.id,
      scopes: typeof row.scopes === 'string' ? (JSON.parse(row.scopes) as string[]) : row.scopes,
      expiresAtMs: row.expires_at?.getTime(),
    };
  }
}

function ownerOf(row: OwnerRow): SessionCredential {
  return {
    userId: row.user_id,
    email: row.email,
    role: row.role,
    isRevoked: Number(row.is_revoked) === 1,
  };
}
