import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { Clock } from '../../../shared/clock.js';
import { newId } from '../../../shared/ids.js';
import { collectionNotFound, FileService } from '../../file/index.js';
import { KnowledgeFileRepository } from '../files/knowledge-file.repository.js';
import {
  collectionFull,
  collectionLimitReached,
  collectionNameTaken,
  knowledgeFileNotFound,
} from '../knowledge.errors.js';
import { type Collection, CollectionRepository } from './collection.repository.js';
import { type Member, MembershipRepository } from './membership.repository.js';

/** How many collections a user may have. Two requests at once may pass it by one. */
const MAX_COLLECTIONS = 500;
const MAX_FILES = 10_000;
const MAX_COLLECTIONS_OF_A_FILE = 20;
const ERASED_AT_ONCE = 100;

/** The collections of users, and which files are in them. What is not the caller's own is not there for him. */
@Injectable()
export class CollectionService {
  constructor(
    private readonly transactions: Transactions,
    private readonly collections: CollectionRepository,
    private readonly memberships: MembershipRepository,
    private readonly files: KnowledgeFileRepository,
    private readonly uploaded: FileService,
    private readonly clock: Clock,
  ) {}

  /** @throws collection_name_taken, collection_limit_reached */
  async create(ownerId: string, name: string): Promise<Collection> {
    if ((await this.collections.count(ownerId, MAX_COLLECTIONS)) >= MAX_COLLECTIONS) {
      throw collectionLimitReached({ details: { limit: MAX_COLLECTIONS } });
    }
    const collection = { id: newId(), name, fileCount: 0, createdAt: new Date(this.clock.nowMs()) };
    if (!(await this.collections.insert(ownerId, collection))) throw collectionNameTaken();
    return collection;
  }

  /** The newest first. */
  list(ownerId: string, before: string | undefined, limit: number): Promise<Collection[]> {
    return this.collections.list(ownerId, before, limit);
  }

  /** @throws collection_not_found */
  async get(ownerId: string, id: string): Promise<Collection> {
    const collection = await this.collections.find(ownerId, id);
    if (!collection) throw collectionNotFound();
    return collection;
  }

  /** @throws collection_not_found, collection_name_taken */
  async rename(ownerId: string, id: string, name: string): Promise<Collection> {
    if (!(await this.collections.rename(ownerId, id, name))) throw collectionNameTaken();
    return this.get(ownerId, id);
  }

  /** Deletes a collection. Its files stay. @throws collection_not_found */
  async delete(ownerId: string, id: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      if (!(await this.collections.lock(transaction, ownerId, id))) throw collectionNotFound();
      await this.collections.delete(transaction, id);
    });
  }

  /** Puts a file into a collection; one that is in it stays. @throws collection_not_found, knowledge_file_not_found, collection_full */
  async addFile(ownerId: string, id: string, fileId: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await this.makeKnown(transaction, ownerId, fileId);
      await this.addFileWithin(transaction, ownerId, id, fileId);
    });
  }

  /** A file of which no task has begun is not known yet. It is held, so that a deletion finds it known. */
  private async makeKnown(transaction: Transaction, ownerId: string, fileId: string): Promise<void> {
    if (await this.files.lockOwned(transaction, ownerId, fileId)) return;
    const present = await this.uploaded.findPresent(ownerId, [fileId]);
    if (!present.has(fileId) || !(await this.uploaded.holdPresent(transaction, fileId))) return;
    await this.files.ensureWithin(transaction, ownerId, fileId);
  }

  /** The same as a part of a transaction, for a file that is known here. */
  async addFileWithin(transaction: Transaction, ownerId: string, id: string, fileId: string): Promise<void> {
    const file = await this.files.lockOwned(transaction, ownerId, fileId);
    const collection = await this.collections.lock(transaction, ownerId, id);
    if (!collection) throw collectionNotFound();
    if (!file) throw knowledgeFileNotFound();
    if (await this.memberships.has(transaction, id, file.fileNo)) return;
    if (collection.fileCount >= MAX_FILES) throw collectionFull({ details: { limit: MAX_FILES } });
    if ((await this.memberships.countOf(transaction, file.fileNo)) >= MAX_COLLECTIONS_OF_A_FILE) {
      throw collectionFull({ details: { limit: MAX_COLLECTIONS_OF_A_FILE } });
    }
    await this.memberships.add(transaction, id, file.fileNo);
  }

  /** Takes a file out of a collection, if it is in it. @throws collection_not_found */
  async removeFile(ownerId: string, id: string, fileId: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const file = await this.files.lockOwned(transaction, ownerId, fileId);
      if (!(await this.collections.lock(transaction, ownerId, id))) throw collectionNotFound();
      if (file) await this.memberships.remove(transaction, id, file.fileNo);
    });
  }

  /** The files of a collection that come after `after`. @throws collection_not_found */
  async listFiles(ownerId: string, id: string, after: string, limit: number): Promise<Member[]> {
    await this.get(ownerId, id);
    return this.memberships.list(id, after, limit);
  }

  /** All collections that a file of the owner is in, the newest first. */
  listWith(ownerId: string, fileId: string): Promise<Collection[]> {
    return this.collections.listWith(ownerId, fileId, MAX_COLLECTIONS_OF_A_FILE);
  }

  /** @throws collection_not_found if one of these is not the owner's */
  async check(ownerId: string, ids: readonly string[]): Promise<void> {
    const owned = await this.collections.findOwned(ownerId, ids);
    if (ids.some((id) => !owned.has(id))) throw collectionNotFound({ param: 'collection_id' });
  }

  /** Those of these that are there and the owner's, in the same order. */
  async ownedAmong(ownerId: string, ids: readonly string[]): Promise<string[]> {
    const owned = await this.collections.findOwned(ownerId, ids);
    return ids.filter((id) => owned.has(id));
  }

  /** Deletes all collections of an owner. */
  async eraseOwner(ownerId: string): Promise<void> {
    for (;;) {
      const collections = await this.collections.list(ownerId, undefined, ERASED_AT_ONCE);
      if (collections.length === 0) return;
      for (const { id } of collections) {
        await this.transactions.run((transaction) => this.collections.delete(transaction, id));
      }
    }
  }
}
