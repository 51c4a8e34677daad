import { Module } from '@nestjs/common';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { MessageReader } from './message-reader.service.js';
import { SavedTurnReader } from './saved-turn-reader.service.js';
import { SavedTurnRepository } from './saved-turn.repository.js';
import { TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { TurnStore } from './turn.store.js';

@Module({
  providers: [
    ConversationRepository,
    TurnRepository,
    TurnStore,
    TurnSaver,
    MessageReader,
    SavedTurnRepository,
    SavedTurnReader,
    ConversationService,
  ],
  exports: [ConversationService, MessageReader, SavedTurnReader, TurnSaver],
})
export class ConversationModule {}
