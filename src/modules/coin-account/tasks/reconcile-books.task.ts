import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const reconcileBooks = definePeriodicTask({
  name: 'reconcile-books',
  description: 'Compares accounts, journal, holds and turns, and shows what disagrees as a metric.',
  cron: '0 * * * *',
  priority: 7,
  retries: 1,
  retryDelayMs: 300_000,
  softLimitMs: 3_300_000,
  hardLimitMs: 3_600_000,
  catchUp: { mode: 'latest' },
});
