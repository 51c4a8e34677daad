import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const expireHolds = definePeriodicTask({
  name: 'expire-holds',
  description: 'Gives back coins that are held past their time, such as those of a process that died.',
  cron: '*/5 * * * * *',
  priority: 1,
  // The next slot is sooner than any retry.
  retries: 0,
  retryDelayMs: 0,
  softLimitMs: 60_000,
  hardLimitMs: 120_000,
  catchUp: { mode: 'latest' },
});
