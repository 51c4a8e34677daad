import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { invalidRequest } from '../../platform/errors/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { AuditLog } from './audit-log.js';
import { apiKeyNotFound, scopeNotGrantable, tooManyApiKeys, userNotFound } from './auth.errors.js';
import { grantableKeyScopes, type KeyScope } from './domain/roles.js';
import { newApiKey, shownPrefix, tokenHash } from './domain/secrets.js';
import type { ApiKeyEntity } from './entities/api-key.entity.js';
import { TokenBlacklist } from './token-blacklist.js';
import { UserRepository } from './user.repository.js';

/** How many keys of one user can be live at a time. */
const MAX_LIVE_KEYS = 100;

/** A key, without what only we may know. */
export type ApiKey = Omit<ApiKeyEntity, 'keyHash' | 'ownerId'>;

/** What a key is made of. */
export interface NewApiKey {
  name: string;
  scopes: readonly KeyScope[];
  /** Undefined: it does not expire. */
  expiresAt?: Date | undefined;
}

/** The API keys of users, for their programs. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly transactions: Transactions,
    private readonly keys: ApiKeyRepository,
    private readonly users: UserRepository,
    private readonly blacklist: TokenBlacklist,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a key. Its secret is returned this once and kept only as a hash.
   * @throws scope_not_grantable for a scope that the owner does not have, too_many_api_keys, invalid_request
   *   for an expiry that is past.
   */
  async createKey(ownerId: string, newKey: NewApiKey): Promise<{ key: ApiKey; secret: string }> {
    if (newKey.expiresAt && newKey.expiresAt.getTime() <= this.clock.nowMs()) {
      throw invalidRequest({ param: 'expires_at', detail: 'expires_at: must be in the future' });
    }
    const created = await this.transactions.run((transaction) =>
      this.insertKey(transaction, ownerId, newKey),
    );
    this.audit.write('api_key_created', {
      user_id: ownerId,
      key_id: created.key.id,
      scopes: created.key.scopes,
    });
    return created;
  }

  /** Makes a key as a part of a transaction; the caller writes the audit line when that is committed. */
  async insertKey(
    transaction: Transaction,
    ownerId: string,
    { name, scopes, expiresAt }: NewApiKey,
  ): Promise<{ key: ApiKey; secret: string }> {
    const now = new Date(this.clock.nowMs());
    // The lock on the owner makes two requests at once count one after the other.
    const owner = await this.users.lockById(transaction, ownerId);
    if (!owner || owner.erasedAt) throw userNotFound();
    const grantable = grantableKeyScopes(owner.role);
    const refused = scopes.filter((scope) => !grantable.includes(scope));
    if (refused.length > 0) {
      throw scopeNotGrantable({
        detail: `You do not have: ${refused.join(', ')}. You can grant: ${grantable.join(', ')}.`,
        details: { scopes: refused },
        param: 'scopes',
      });
    }
    if ((await this.keys.countLive(transaction, ownerId, now)) >= MAX_LIVE_KEYS) {
      throw tooManyApiKeys({ details: { limit: MAX_LIVE_KEYS } });
    }
    const secret = newApiKey();
    const key: ApiKeyEntity = {
      id: newId(),
      ownerId,
      name,
      prefix: shownPrefix(secret),
      keyHash: tokenHash(secret),
      scopes: [...new Set(scopes)],
      createdAt: now,
      expiresAt: expiresAt ?? null,
      lastUsedAt: null,
      revokedAt: null,
    };
    await this.keys.insert(transaction, key);
    return { key, secret };
  }

  /** A user's keys from the newest on, revoked ones too; `cursor` is the id of the last one seen. */
  listKeys(ownerId: string, limit: number, cursor: string | undefined): Promise<ApiKey[]> {
    return this.keys.list(ownerId, limit, cursor);
  }

  /** Revokes a key of the user for good; may be repeated. @throws api_key_not_found */
  async revokeKey(ownerId: string, id: string): Promise<void> {
    const key = await this.keys.findOwn(ownerId, id);
    if (!key) throw apiKeyNotFound();
    await this.revokeKeys([key]);
  }

  /** Revokes the user's live keys of a name. */
  async revokeKeysNamed(ownerId: string, name: string): Promise<void> {
    await this.revokeKeys(await this.keys.findLiveByName(ownerId, name, new Date(this.clock.nowMs())));
  }

  private async revokeKeys(keys: readonly ApiKeyEntity[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.transactions.run(async (transaction) => {
      for (const key of keys) await this.keys.revoke(transaction, key.id, new Date(nowMs));
    });
    await this.blacklist.addApiKeys(keys.map((key) => key.keyHash));
    for (const key of keys) {
      this.audit.write('api_key_revoked', { user_id: key.ownerId, key_id: key.id });
    }
  }
}
