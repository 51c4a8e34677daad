import { Module } from '@nestjs/common';
import { AccountLines, accountLineMetrics } from './account-lines.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import { CoinAccountService } from './coin-account.service.js';
import { CoinHistoryRepository } from './coin-history.repository.js';
import { CoinHistoryService } from './coin-history.service.js';

/** The ledger of coins. */
@Module({
  providers: [
    ...accountLineMetrics,
    CoinAccountRepository,
    AccountLines,
    CoinAccountService,
    CoinHistoryRepository,
    CoinHistoryService,
  ],
  exports: [CoinAccountService, CoinHistoryService],
})
export class CoinAccountModule {}
