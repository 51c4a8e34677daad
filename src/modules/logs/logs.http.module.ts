import { Module } from '@nestjs/common';
import { BacklogMetrics, backlogMetricProviders } from './accounting/backlog-metrics.js';
import { LogReceptionModule } from './intake/log-reception.module.js';
import { LogOperationsController } from './log-operations.controller.js';
import { LogsModule } from './logs.module.js';

@Module({
  imports: [LogsModule, LogReceptionModule],
  providers: [...backlogMetricProviders, BacklogMetrics],
  controllers: [LogOperationsController],
})
export class LogsHttpModule {}
