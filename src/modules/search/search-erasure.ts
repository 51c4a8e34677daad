import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { SearchIndex } from './search-index.service.js';

/** What is erased with a conversation is erased from the index too. */
@Injectable()
export class SearchErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly index: SearchIndex,
  ) {}

  onModuleInit(): void {
    this.erasers.register('search', {
      eraseConversation: (conversationId) => this.index.eraseConversation(conversationId),
    });
  }
}
