import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { Erasers } from './erasure/erasers.js';
import { ErasureRepository } from './erasure/erasure.repository.js';
import { ErasureService } from './erasure/erasure.service.js';
import { UnsavedTurns } from './erasure/unsaved-turns.js';
import { MessageReader } from './message-reader.service.js';
import { TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { TurnStore } from './turn.store.js';

@Module({
  imports: [AuditModule],
  providers: [
    Erasers,
    ErasureRepository,
    ErasureService,
    UnsavedTurns,
    ConversationRepository,
    TurnRepository,
    TurnStore,
    TurnSaver,
    MessageReader,
    ConversationService,
  ],
  exports: [
    ConversationRepository,
    ConversationService,
    ErasureRepository,
    ErasureService,
    Erasers,
    MessageReader,
    TurnSaver,
    TurnStore,
  ],
})
export class ConversationModule {}
