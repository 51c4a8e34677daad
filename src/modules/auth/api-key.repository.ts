import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';

/** The rows of `api_keys`. */
@Injectable()
export class ApiKeyRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(transaction: Transaction, key: ApiKeyEntity): Promise<void> {
    await transaction.insert(ApiKeyEntity, key);
  }

  /** How many keys of a user are neither revoked nor expired. */
  countLive(transaction: Transaction, ownerId: string, now: Date): Promise<number> {
    return this.live(transaction, ownerId, now).getCount();
  }

  /** The hashes of a user's keys that are neither revoked nor expired. */
  async liveHashes(transaction: Transaction, ownerId: string, now: Date): Promise<string[]> {
    const keys = await this.live(transaction, ownerId, now).select('k.keyHash').addSelect('k.id').getMany();
    return keys.map((key) => key.keyHash);
  }

  private live(transaction: Transaction, ownerId: string, now: Date) {
    return transaction
      .createQueryBuilder(ApiKeyEntity, 'k')
      .where('k.ownerId = :ownerId AND k.revokedAt IS NULL', { ownerId })
      .andWhere('(k.expiresAt IS NULL OR k.expiresAt > :now)', { now });
  }

  /** A user's keys from the newest on, those before `cursor` (an id) if given. */
  list(ownerId: string, limit: number, cursor: string | undefined): Promise<ApiKeyEntity[]> {
    return this.transactions.single.find(ApiKeyEntity, {
      where: { ownerId, ...(cursor === undefined ? {} : { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  findOwn(ownerId: string, id: string): Promise<ApiKeyEntity | null> {
    return this.transactions.single.findOneBy(ApiKeyEntity, { id, ownerId });
  }

  /** Revokes a key; one that is revoked already stays as it is. */
  async revoke(transaction: Transaction, id: string, now: Date): Promise<void> {
    await transaction
      .createQueryBuilder()
      .update(ApiKeyEntity)
      .set({ revokedAt: now })
      .where('id = :id AND revoked_at IS NULL', { id })
      .execute();
  }

  /** The live keys of a user that bear a name. */
  findLiveByName(ownerId: string, name: string, now: Date): Promise<ApiKeyEntity[]> {
    return this.live(this.transactions.single, ownerId, now).andWhere('k.name = :name', { name }).getMany();
  }

  /** Notes a use, unless one was noted after `notSince`. */
  async noteUse(id: string, now: Date, notSince: Date): Promise<void> {
    await this.transactions.single
      .createQueryBuilder()
      .update(ApiKeyEntity)
      .set({ lastUsedAt: now })
      .where('id = :id AND (last_used_at IS NULL OR last_used_at <= :notSince)', { id, notSince })
      .execute();
  }
}
