import { Module } from '@nestjs/common';
import { BookChecks } from './books/book-checks.js';
import { ChainVerifier } from './books/chain-verifier.js';
import { ChainRepository } from './books/chain.repository.js';
import { LedgerCheck } from './books/ledger-check.js';
import { LedgerCheckRepository } from './books/ledger-check.repository.js';
import { ReconciliationRepository } from './books/reconciliation.repository.js';
import { ReconciliationService } from './books/reconciliation.service.js';
import { AccountLines } from './account-lines.js';
import { CoinMetrics, coinMetricProviders } from './coin-metrics.js';
import { CoinActivity } from './coin-activity.repository.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import { CoinAccountService } from './coin-account.service.js';
import { CoinHistoryRepository } from './coin-history.repository.js';
import { CoinHistoryService } from './coin-history.service.js';
import { JointOperations } from './joint-operations.service.js';

/** The ledger of coins. */
@Module({
  providers: [
    ...coinMetricProviders,
    CoinMetrics,
    CoinAccountRepository,
    AccountLines,
    JointOperations,
    CoinAccountService,
    CoinHistoryRepository,
    CoinHistoryService,
    CoinActivity,
    BookChecks,
    LedgerCheckRepository,
    LedgerCheck,
    ReconciliationRepository,
    ReconciliationService,
    ChainRepository,
    ChainVerifier,
  ],
  exports: [
    CoinAccountService,
    CoinHistoryService,
    CoinActivity,
    BookChecks,
    ReconciliationRepository,
    ReconciliationService,
    ChainVerifier,
  ],
})
export class CoinAccountModule {}
