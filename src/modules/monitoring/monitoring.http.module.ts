import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseActivityModule } from './database/database-activity.module.js';
import { HealthChecks } from './health-checks.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

/** `GET /health` and its kin. Needs `MonitoringModule.forRole('api')` beside it. */
@Module({
  // Terminus would log every failed check; HealthService logs the changes.
  imports: [TerminusModule.forRoot({ logger: false }), DatabaseActivityModule],
  controllers: [HealthController],
  providers: [HealthChecks, HealthService],
})
export class MonitoringHttpModule {}
