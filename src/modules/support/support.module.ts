import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { ConversationModule } from '../conversation/index.js';
import { AgentPresence } from './agent-presence.js';
import { AgentRepository } from './agent.repository.js';
import { SupportAgentService } from './agent.service.js';
import { ChatAccess } from './chat-access.js';
import { ChatAssigner } from './chat-assigner.js';
import { ChatBatchRepository } from './chat-batch.repository.js';
import { ChatEvents } from './chat-events.js';
import { ChatQueue } from './chat-queue.js';
import { ChatRepository } from './chat.repository.js';
import { SupportChatService } from './chat.service.js';
import { MessageRepository } from './message.repository.js';
import { SupportMessageService } from './message.service.js';
import { RetentionRepository } from './retention.repository.js';
import { SupportErasure } from './support-erasure.js';

/** Customer service: chats of users with agents. */
@Module({
  imports: [AuditModule, AuthModule, ConversationModule],
  providers: [
    AgentPresence,
    AgentRepository,
    ChatAccess,
    ChatAssigner,
    ChatBatchRepository,
    ChatEvents,
    ChatQueue,
    ChatRepository,
    MessageRepository,
    RetentionRepository,
    SupportAgentService,
    SupportChatService,
    SupportErasure,
    SupportMessageService,
  ],
  exports: [
    AgentPresence,
    ChatAccess,
    ChatAssigner,
    ChatBatchRepository,
    ChatEvents,
    ChatQueue,
    ChatRepository,
    RetentionRepository,
    SupportAgentService,
    SupportChatService,
    SupportMessageService,
  ],
})
export class SupportModule {}
