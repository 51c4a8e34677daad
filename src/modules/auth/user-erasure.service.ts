import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/index.js';
import { Clock } from '../../shared/clock.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { AuditLog } from './audit-log.js';
import { lastAdministrator, userNotFound } from './auth.errors.js';
import { type RevokedToken, SessionRepository } from './session.repository.js';
import { TokenBlacklist } from './token-blacklist.js';
import { UserErasureRepository } from './user-erasure.repository.js';
import { UserRepository } from './user.repository.js';

/** What a user could prove himself with until now. */
export interface EndedCredentials {
  tokens: readonly RevokedToken[];
  keyHashes: readonly string[];
}

/** Erases what auth keeps of a user: the row is emptied, sessions and keys end and are deleted. */
@Injectable()
export class UserErasure {
  constructor(
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly keys: ApiKeyRepository,
    private readonly repository: UserErasureRepository,
    private readonly blacklist: TokenBlacklist,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Empties the user's row and ends all credentials, as a part of a transaction; call `refuse` when it is committed.
   * @throws user_not_found, also if the user has been erased; last_administrator
   */
  async eraseUser(transaction: Transaction, id: string): Promise<EndedCredentials> {
    const now = new Date(this.clock.nowMs());
    // Two administrators who erase each other at once: the second waits here and then finds himself the last.
    const administrators = await this.users.lockActiveAdministrators(transaction);
    if (administrators.length === 1 && administrators[0]?.id === id) throw lastAdministrator();
    const user = await this.users.lockById(transaction, id);
    if (!user || user.erasedAt) throw userNotFound();
    const tokens = await this.sessions.revoke(transaction, { userId: id }, now);
    const keyHashes = await this.keys.liveHashes(transaction, id, now);
    await this.repository.emptyUser(transaction, id, now);
    return { tokens, keyHashes };
  }

  /** Makes every process refuse what has ended, at once. Never fails: MySQL has it already. */
  async refuse(ended: EndedCredentials, userId: string, actorId: string): Promise<void> {
    await this.blacklist.add(ended.tokens);
    await this.blacklist.addApiKeys(ended.keyHashes);
    this.audit.write('user_erased', { user_id: userId, actor_id: actorId });
  }

  /** Those of these users who have been erased. */
  findErased(ids: readonly string[]): Promise<string[]> {
    return this.repository.findErased(ids);
  }

  /** Deletes the sessions, refresh tokens and API keys of an erased user. May be repeated. */
  async deleteCredentials(userId: string): Promise<void> {
    await this.repository.deleteApiKeys(userId);
    await this.repository.deleteSessions(userId);
  }
}
