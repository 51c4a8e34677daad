import { Module } from '@nestjs/common';
import { BranchRepository } from './branches/branch.repository.js';
import { BranchService } from './branches/branch.service.js';
import { ConversationTreeReader } from './branches/conversation-tree.service.js';
import { AuditModule } from '../audit/index.js';
import { ConversationActivity } from './conversation-activity.repository.js';
import { ConversationQuota } from './conversation-quota.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { Erasers } from './erasure/erasers.js';
import { ErasureRepository } from './erasure/erasure.repository.js';
import { ErasureService } from './erasure/erasure.service.js';
import { UnsavedTurns } from './erasure/unsaved-turns.js';
import { MessageTextRepository } from './reading/message-text.repository.js';
import { MessageReader } from './reading/message-reader.service.js';
import { ParkedConversationRepository } from './saving/parked-conversation.repository.js';
import { SaveWorkerRepository } from './operations/save-worker.repository.js';
import { SaveLine } from './saving/save-line.js';
import { SaveMetrics, saveMetricProviders } from './saving/save-metrics.js';
import { SaveSlots } from './saving/save-slots.js';
import { SaveWake } from './saving/save-wake.js';
import { SavedTurnReader } from './reading/saved-turn-reader.service.js';
import { SavedTurnRepository } from './reading/saved-turn.repository.js';
import { TurnKeeper } from './keeping/turn-keeper.service.js';
import { WaitingTurnRepository } from './keeping/waiting-turn.repository.js';
import { MessageRepository } from './reading/message.repository.js';
import { TurnRepository } from './saving/turn.repository.js';
import { TurnSaver } from './saving/turn-saver.service.js';
import { TurnStore } from './keeping/turn.store.js';

@Module({
  imports: [AuditModule],
  providers: [
    ...saveMetricProviders,
    SaveMetrics,
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
