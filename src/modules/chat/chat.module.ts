import { Module } from '@nestjs/common';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { ProviderModule } from '../provider/index.js';
import { ConversationCollectionRepository } from './citations/conversation-collection.repository.js';
import { TurnAccounting } from './turn-accounting.js';
import { TurnCheck } from './turn-check.js';
import { TurnMetrics, turnMetricProviders } from './turn-metrics.js';

/** What both kinds of process need of chat: the coins of a turn, and their reconciliation. */
@Module({
  imports: [CoinAccountModule, ConversationModule, ProviderModule],
  providers: [
    ...turnMetricProviders,
    TurnMetrics,
    TurnAccounting,
    TurnCheck,
    ConversationCollectionRepository,
  ],
  exports: [
    ConversationCollectionRepository,
    TurnMetrics,
    TurnAccounting,
    ConversationModule,
    ProviderModule,
  ],
})
export class ChatModule {}
