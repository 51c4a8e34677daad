import { Module } from '@nestjs/common';
import { BranchRepository } from './branch.repository.js';
import { BranchService } from './branch.service.js';
import { ConversationTreeReader } from './conversation-tree.service.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { MessageReader } from './message-reader.service.js';
import { MessageRepository } from './message.repository.js';
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
    MessageRepository,
    BranchRepository,
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
    ConversationTreeReader,
    MessageReader,
    BranchService,
    ConversationService,
  ],
  exports: [
    ConversationService,
    BranchService,
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
