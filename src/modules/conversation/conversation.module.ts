import { Module } from '@nestjs/common';
import { BranchRepository } from './branch.repository.js';
import { BranchService } from './branch.service.js';
import { ConversationTreeReader } from './conversation-tree.service.js';
import { AuditModule } from '../audit/index.js';
import { ConversationActivity } from './conversation-activity.repository.js';
import { ConversationQuota } from './conversation-quota.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { Erasers } from './erasure/erasers.js';
import { ErasureRepository } from './erasure/erasure.repository.js';
import { ErasureService } from './erasure/erasure.service.js';
import { UnsavedTurns } from './erasure/unsaved-turns.js';
import { MessageTextRepository } from './message-text.repository.js';
import { MessageReader } from './message-reader.service.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveWorkerRepository } from './operations/save-worker.repository.js';
import { SaveLine } from './save-line.js';
import { SaveSlots } from './save-slots.js';
import { SaveWake } from './save-wake.js';
import { SavedTurnReader } from './saved-turn-reader.service.js';
import { SavedTurnRepository } from './saved-turn.repository.js';
import { TurnKeeper } from './turn-keeper.service.js';
import { WaitingTurnRepository } from './waiting-turn.repository.js';
import { MessageRepository } from './message.repository.js';
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
    ConversationQuota,
    ConversationRepository,
    MessageRepository,
    BranchRepository,
    TurnRepository,
    MessageTextRepository,
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
    SavedTurnReader,
    ConversationService,
    ConversationActivity,
  ],
  exports: [
    BranchService,
    ConversationActivity,
    ConversationRepository,
    ConversationService,
    ErasureRepository,
    ErasureService,
    Erasers,
    MessageReader,
    ParkedConversationRepository,
    SavedTurnReader,
    SaveLine,
    SaveSlots,
    SaveWake,
    SaveWorkerRepository,
    TurnKeeper,
    TurnSaver,
  ],
})
export class ConversationModule {}
