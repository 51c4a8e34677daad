import { Module } from '@nestjs/common';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { ProviderModule } from '../provider/index.js';
import { TurnAccounting } from './turn-accounting.js';

/** What both kinds of process need of chat: the coins of a turn. */
@Module({
  imports: [CoinAccountModule, ConversationModule, ProviderModule],
  providers: [TurnAccounting],
  exports: [TurnAccounting, ConversationModule, ProviderModule],
})
export class ChatModule {}
