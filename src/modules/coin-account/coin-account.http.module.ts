import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { AuthModule } from '../auth/index.js';
import { DisagreementMetrics } from './books/disagreement-metrics.js';
import { CoinAccountController } from './coin-account.controller.js';
import { CoinAccountModule } from './coin-account.module.js';
import { CoinOperationsController } from './coin-operations.controller.js';
import { InFlightOperations } from './in-flight-operations.js';

/** The ledger's routes. */
@Module({
  imports: [AuditModule, AuthModule, CoinAccountModule],
  controllers: [CoinAccountController, CoinOperationsController],
  providers: [InFlightOperations, DisagreementMetrics],
})
export class CoinAccountHttpModule {}
