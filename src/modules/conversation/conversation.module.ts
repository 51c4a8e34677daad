import { Module } from '@nestjs/common';
import { BranchRepository } from './branch.repository.js';
import { BranchService } from './branch.service.js';
import { ConversationTreeReader } from './conversation-tree.service.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { MessageReader } from './message-reader.service.js';
import { MessageRepository } from './message.repository.js';
import { TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { TurnStore } from './turn.store.js';

@Module({
  providers: [
    ConversationRepository,
    MessageRepository,
    BranchRepository,
    TurnRepository,
    TurnStore,
    TurnSaver,
    ConversationTreeReader,
    MessageReader,
    BranchService,
    ConversationService,
  ],
  exports: [ConversationService, BranchService, MessageReader, TurnSaver],
})
export class ConversationModule {}
