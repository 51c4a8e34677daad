import { Inject, Module } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { AnonymousScopes, AuthModule } from '../../auth/index.js';
import { LogsModule } from '../logs.module.js';
import { LineLimiter } from './line-limiter.js';
import { logIntakeConfig } from './log-intake.config.js';
import { LogReception, receptionMetric } from './log-reception.service.js';
import { LokiController } from './loki/loki.controller.js';
import { NdjsonController } from './ndjson/ndjson.controller.js';
import { OtlpController } from './otlp/otlp.controller.js';
import { ReceiptController } from './receipt.controller.js';
import { SeedIntakeController } from './seed/seed-intake.controller.js';

/** The routes by which logs come in, in every format. */
@Module({
  imports: [LogsModule, AuthModule],
  controllers: [SeedIntakeController, OtlpController, LokiController, NdjsonController, ReceiptController],
  providers: [LineLimiter, LogReception, receptionMetric],
})
export class LogReceptionModule {
  constructor(
    anonymousScopes: AnonymousScopes,
    @Inject(logIntakeConfig.token) { isAnonymousIngestionAllowed }: ConfigOf<typeof logIntakeConfig>,
  ) {
    if (isAnonymousIngestionAllowed) anonymousScopes.allow('logs:write');
  }
}
