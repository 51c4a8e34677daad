import { Module } from '@nestjs/common';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { MessageReader } from './message-reader.service.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveWorkerRepository } from './operations/save-worker.repository.js';
import { SaveLine } from './save-line.js';
import { SaveSlots } from './save-slots.js';
import { SaveWake } from './save-wake.js';
import { SavedTurnRepository } from './saved-turn.repository.js';
import { TurnKeeper } from './turn-keeper.service.js';
import { WaitingTurnRepository } from './waiting-turn.repository.js';
import { TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { TurnStore } from './turn.store.js';

@Module({
  providers: [
    ConversationRepository,
    TurnRepository,
    TurnStore,
    SaveLine,
    SaveWorkerRepository,
    SaveSlots,
    SaveWake,
    SavedTurnRepository,
    WaitingTurnRepository,
    ParkedConversationRepository,
    TurnKeeper,
    TurnSaver,
    MessageReader,
    ConversationService,
  ],
  exports: [
    ConversationService,
    MessageReader,
    ParkedConversationRepository,
    SaveLine,
    SaveSlots,
    SaveWake,
    SaveWorkerRepository,
    TurnKeeper,
    TurnSaver,
  ],
})
export class ConversationModule {}
