import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const retainLogs = definePeriodicTask({
  name: 'retain-logs',
  description: 'Makes the days of the logs ahead, and drops those older than LOCKKEEPER_LOGS_RETENTION_DAYS.',
  // It costs one question if there is nothing to do, and a lock that is not had now may be had then.
  cron: '*/10 * * * *',
  priority: 5,
  retries: 2,
  retryDelayMs: 60_000,
  softLimitMs: 1_800_000,
  hardLimitMs: 3_600_000,
  catchUp: { mode: 'latest' },
});
