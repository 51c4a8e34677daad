import { Module } from '@nestjs/common';
import { BacklogMetrics } from './accounting/backlog-metrics.js';
import { LogHealth } from './accounting/log-health.js';
import { AuditModule } from '../audit/index.js';
import { LogReceptionModule } from './intake/log-reception.module.js';
import { LogOperationsController } from './log-operations.controller.js';
import { LogsModule } from './logs.module.js';
import { LogExportController } from './query/export/log-export.controller.js';
import { LogQueryController } from './query/log-query.controller.js';
import { LogQueryModule } from './query/log-query.module.js';
import { QuarantineOperations } from './quarantine/quarantine-operations.service.js';
import { TailController } from './query/tail/tail.controller.js';

@Module({
  imports: [AuditModule, LogsModule, LogQueryModule, LogReceptionModule],
  providers: [BacklogMetrics, LogHealth, QuarantineOperations],
  controllers: [LogOperationsController, LogQueryController, TailController, LogExportController],
})
export class LogsHttpModule {}
