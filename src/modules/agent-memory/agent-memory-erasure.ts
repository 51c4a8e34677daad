import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Erasers } from '../conversation/index.js';
import { AgentMemoryStore } from './agent-memory.store.js';

/** Erases what the agents of a user remember. */
@Injectable()
export class AgentMemoryErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly store: AgentMemoryStore,
  ) {}

  onModuleInit(): void {
    this.erasers.register('agent-memory', { eraseUser: (userId) => this.store.eraseUser(userId) });
  }
}
