import { Module } from '@nestjs/common';
import { FileModule } from '../file/index.js';
import { KnowledgeModule } from '../knowledge/index.js';
import { ChatController } from './chat.controller.js';
import { ChatModule } from './chat.module.js';
import { ChatService } from './chat.service.js';
import { ForkResolver } from './fork-resolver.js';
import { ConversationCollectionsController } from './citations/conversation-collections.controller.js';
import { TurnKnowledge } from './citations/turn-knowledge.service.js';
import { TurnController } from './turn.controller.js';
import { TurnFollower } from './turn-follower.js';
import { TurnGate } from './turn-gate.js';
import { TurnRequests } from './turn-requests.js';
import { StoredCompletionController } from './stored-completions/stored-completion.controller.js';
import { ChatConversations } from './ui-chat/chat-conversations.service.js';
import { UiChatController } from './ui-chat/ui-chat.controller.js';
import { UiChatService } from './ui-chat/ui-chat.service.js';
import { TurnRunner } from './turn-runner.service.js';

/** The APIs for OpenAI clients and for the AI SDK's user interfaces, and the turns that run behind it. */
@Module({
  imports: [ChatModule, FileModule, KnowledgeModule],
  controllers: [
    ChatController,
    StoredCompletionController,
    TurnController,
    UiChatController,
    ConversationCollectionsController,
  ],
  providers: [
    ChatService,
    ChatConversations,
    ForkResolver,
    TurnKnowledge,
    TurnFollower,
    TurnGate,
    TurnRequests,
    TurnRunner,
    UiChatService,
  ],
})
export class ChatHttpModule {}
