import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Transaction } from '../../../platform/database/index.js';
import { type CollectionKeeper, CollectionRegistry } from '../../file/index.js';
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
    await this.collections.check(ownerId, [collectionId]);
  }

  async add(transaction: Transaction, ownerId: string, collectionId: string, fileId: string): Promise<void> {
    await this.files.ensureWithin(transaction, ownerId, fileId);
    await this.collections.addFileWithin(transaction, ownerId, collectionId, fileId);
  }
}
