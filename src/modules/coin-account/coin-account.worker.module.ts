import { Module } from '@nestjs/common';
import { CoinAccountModule } from './coin-account.module.js';
import { ExpireHoldsHandler } from './tasks/expire-holds.handler.js';
import { ReconcileBooksHandler } from './tasks/reconcile-books.handler.js';

/** What the ledger does on its own, in the worker. */
@Module({ imports: [CoinAccountModule], providers: [ExpireHoldsHandler, ReconcileBooksHandler] })
export class CoinAccountWorkerModule {}
