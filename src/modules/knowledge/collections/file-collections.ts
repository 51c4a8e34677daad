import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '../../../platform/database/index.js';
import { type CollectionKeeper, collectionNotFound, CollectionRegistry } from '../../file/index.js';
import { KnowledgeFileRepository } from '../files/knowledge-file.repository.js';
import { CollectionService } from './collection.service.js';

/** Puts files into collections as they are uploaded. */
@Injectable()
export class FileCollections implements CollectionKeeper, OnModuleInit {
  constructor(
    private readonly registry: CollectionRegistry,
    private readonly collections: CollectionService,
    private readonly files: KnowledgeFileRepository,
  ) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  async checkOwn(ownerId: string, collectionId: string): Promise<void> {
    const owned = await this.collections.ownedAmong(ownerId, [collectionId]);
    if (owned.length === 0) throw collectionNotFound({ param: 'collection_id' });
  }

  async add(transaction: Transaction, ownerId: string, collectionId: string, fileId: string): Promise<void> {
    await this.files.ensureWithin(transaction, ownerId, fileId);
    await this.collections.addFileWithin(transaction, ownerId, collectionId, fileId);
  }
}
