import { Module } from '@nestjs/common';
import { ConversationModule } from '../conversation/index.js';
import { AgentMemoryErasure } from './agent-memory-erasure.js';
import { AgentMemory } from './agent-memory.service.js';
import { AgentMemoryStore } from './agent-memory.store.js';

/** What agents note down for a while. */
@Module({
  imports: [ConversationModule],
  providers: [AgentMemory, AgentMemoryStore, AgentMemoryErasure],
  exports: [AgentMemory],
})
export class AgentMemoryModule {}
