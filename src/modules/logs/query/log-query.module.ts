import { Module } from '@nestjs/common';
import { counter } from '../../../platform/metrics/index.js';
import { DevicePages } from './cache/device-pages.js';
import { LogStatsRepository } from './cache/log-stats.repository.js';
import { LogStats } from './cache/log-stats.service.js';
import { LogQueryRepository } from './log-query.repository.js';
import { LogQuery } from './log-query.service.js';
import { TailPublisher } from './tail/tail-publisher.js';
import { TailStore } from './tail/tail.store.js';

/** What reads the log, and what writers tell the readers. */
@Module({
  providers: [
    counter(
      'lockkeeper_logs_device_pages_total',
      'Reads of pages of devices, by whether the cache had them (hit, miss) or could not be asked (away).',
      ['outcome'],
    ),
    DevicePages,
    LogQueryRepository,
    LogQuery,
    LogStatsRepository,
    LogStats,
    TailStore,
    TailPublisher,
  ],
  exports: [DevicePages, LogQuery, LogStats, TailStore, TailPublisher],
})
export class LogQueryModule {}
