import { Module } from '@nestjs/common';
import { LogExportController } from './query/export/log-export.controller.js';
import { LogQueryController } from './query/log-query.controller.js';
import { LogQueryModule } from './query/log-query.module.js';
import { TailController } from './query/tail/tail.controller.js';

@Module({
  imports: [LogQueryModule],
  controllers: [LogQueryController, TailController, LogExportController],
})
export class LogsHttpModule {}
