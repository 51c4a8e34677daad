import { Module } from '@nestjs/common';
import { PeriodicReconciliation } from './books/periodic-reconciliation.js';
import { CoinAccountModule } from './coin-account.module.js';
import { HoldExpiry } from './hold-expiry.js';

/** What the ledger does on its own, in the worker. */
@Module({ imports: [CoinAccountModule], providers: [HoldExpiry, PeriodicReconciliation] })
export class CoinAccountWorkerModule {}
