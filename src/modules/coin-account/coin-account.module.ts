import { Module } from '@nestjs/common';
import { AccountLines, accountLineMetrics } from './account-lines.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import { CoinAccountService } from './coin-account.service.js';

/** The ledger of coins. */
@Module({
  providers: [...accountLineMetrics, CoinAccountRepository, AccountLines, CoinAccountService],
  exports: [CoinAccountService],
})
export class CoinAccountModule {}
