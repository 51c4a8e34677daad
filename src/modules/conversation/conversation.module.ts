import { Module } from '@nestjs/common';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { MessageTextRepository } from './message-text.repository.js';
import { MessageReader } from './message-reader.service.js';
import { TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { TurnStore } from './turn.store.js';

@Module({
  providers: [
    ConversationRepository,
    TurnRepository,
    MessageTextRepository,
    TurnStore,
    TurnSaver,
    MessageReader,
    ConversationService,
  ],
  exports: [ConversationService, MessageReader, TurnSaver],
})
export class ConversationModule {}
