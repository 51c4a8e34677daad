import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseActivityModule } from './database/database-activity.module.js';
import { DiskWatch } from './health/disk-watch.js';
import { HealthChecks } from './health/health-checks.js';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { RedisWatch } from './health/redis-watch.js';
import { QueueGauges } from './metrics/queue-gauges.js';
import { ServerGauges } from './metrics/server-gauges.js';
import { WatchGauges } from './metrics/watch-gauges.js';
import { LiveFeed } from './overview/live-feed.js';
import { OverviewController } from './overview/overview.controller.js';
import { OverviewService } from './overview/overview.service.js';
import { RateMeter } from './overview/rate-meter.js';
import { ProcessController } from './processes/process.controller.js';
import { ProcessWatch } from './processes/process-watch.js';
import { QueueWatch } from './processes/queue-watch.js';

/** `GET /health` and its kin, and what operators see of it all. Needs `MonitoringModule.forRole('api')` beside it. */
@Module({
  // Terminus would log every failed check; HealthService logs the changes.
  imports: [TerminusModule.forRoot({ logger: false }), DatabaseActivityModule],
  controllers: [HealthController, ProcessController, OverviewController],
  providers: [
    HealthChecks,
    HealthService,
    RedisWatch,
    DiskWatch,
    QueueWatch,
    ProcessWatch,
    RateMeter,
    OverviewService,
    LiveFeed,
    QueueGauges,
    ServerGauges,
    WatchGauges,
  ],
})
export class MonitoringHttpModule {}
