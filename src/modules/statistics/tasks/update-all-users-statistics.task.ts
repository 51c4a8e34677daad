import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const updateAllUsersStatistics = definePeriodicTask({
  name: 'update-all-users-statistics',
  description: 'Computes the statistics of users to whom something happened since the last run.',
  cron: '*/10 * * * *',
  priority: 6,
  retries: 2,
  retryDelayMs: 300_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
