import { Module } from '@nestjs/common';
import { CoinAccountRepository } from './coin-account.repository.js';
import { CoinAccountService } from './coin-account.service.js';

/** The ledger of coins. */
@Module({
  providers: [CoinAccountRepository, CoinAccountService],
  exports: [CoinAccountService],
})
export class CoinAccountModule {}
