import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthChecks } from './health-checks.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { QueueGauges } from './metrics/queue-gauges.js';
import { ServerGauges } from './metrics/server-gauges.js';

/** `GET /health` and its kin. Needs `MonitoringModule.forRole('api')` beside it. */
@Module({
  // Terminus would log every failed check; HealthService logs the changes.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [HealthChecks, HealthService, QueueGauges, ServerGauges],
})
export class MonitoringHttpModule {}
