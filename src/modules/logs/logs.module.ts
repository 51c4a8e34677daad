import { Module } from '@nestjs/common';
import { RedisConnections } from '../../platform/redis/index.js';
import { BooksRepository } from './accounting/books.repository.js';
import { LogAccounting } from './accounting/log-accounting.service.js';
import { intakeMetrics, LogIntake } from './log-intake.service.js';
import { LogQueryModule } from './query/log-query.module.js';
import { LogQuarantine } from './quarantine/quarantine.service.js';
import { QuarantineRepository } from './quarantine/quarantine.repository.js';
import { LOG_REDIS, LogQueue } from './queue/log-queue.js';
import { StoredWatch } from './queue/stored-watch.js';
import { LedgerRepository } from './store/ledger.repository.js';
import { LogRetention } from './store/log-retention.js';
import { LogStoreRepository } from './store/log-store.repository.js';
import { PartitionRepository } from './store/partition.repository.js';

@Module({
  imports: [LogQueryModule],
  providers: [
    ...intakeMetrics,
    {
      provide: LOG_REDIS,
      inject: [RedisConnections],
      useFactory: (connections: RedisConnections) => connections.openFailFast(),
    },
    LogQueue,
    StoredWatch,
    LogIntake,
    LedgerRepository,
    LogStoreRepository,
    PartitionRepository,
    LogRetention,
    BooksRepository,
    LogAccounting,
    QuarantineRepository,
    LogQuarantine,
  ],
  exports: [
    LogQueue,
    LogIntake,
    LogQueryModule,
    LogStoreRepository,
    LogRetention,
    LogAccounting,
    LogQuarantine,
    QuarantineRepository,
    BooksRepository,
  ],
})
export class LogsModule {}
