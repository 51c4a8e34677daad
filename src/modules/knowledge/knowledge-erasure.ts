import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { CollectionService } from './collections/collection.service.js';
import { KnowledgeService } from './knowledge.service.js';

/** With a user go his collections, and all that can be found of his files. */
@Injectable()
export class KnowledgeErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly knowledge: KnowledgeService,
    private readonly collections: CollectionService,
  ) {}

  onModuleInit(): void {
    this.erasers.register('knowledge', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    await this.knowledge.eraseOwner(userId);
    await this.collections.eraseOwner(userId);
  }
}
