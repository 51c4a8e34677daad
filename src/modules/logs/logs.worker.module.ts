import { Module } from '@nestjs/common';
import { LogsModule } from './logs.module.js';
import { RetainLogsHandler } from './store/retain-logs.handler.js';
import { LogWriters, writerMetrics } from './writers/log-writers.js';

/** What a worker does for the logs: it stores them, and drops old ones. */
@Module({
  imports: [LogsModule],
  providers: [...writerMetrics, LogWriters, RetainLogsHandler],
})
export class LogsWorkerModule {}
