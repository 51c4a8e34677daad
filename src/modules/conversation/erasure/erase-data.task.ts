import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const eraseData = definePeriodicTask({
  name: 'erase-data',
  description: 'Finishes erasures: the large ones, those of users, and those whose process died.',
  cron: '*/5 * * * * *',
  priority: 3,
  // The next slot is sooner than any retry.
  retries: 0,
  retryDelayMs: 0,
  softLimitMs: 600_000,
  hardLimitMs: 900_000,
  catchUp: { mode: 'latest' },
});
