import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const checkAndEndActivities = definePeriodicTask({
  name: 'check-and-end-activities',
  description: 'Ends activities whose time is up, and pays their rewards.',
  cron: '*/5 * * * *',
  priority: 4,
  retries: 2,
  retryDelayMs: 120_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
