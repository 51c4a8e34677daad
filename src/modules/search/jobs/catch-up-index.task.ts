import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const catchUpIndex = definePeriodicTask({
  name: 'catch-up-search-index',
  description:
    'Indexes messages whose job was lost, and embeds those without a vector of the embedder in use.',
  cron: '* * * * *',
  priority: 6,
  // The next slot goes on.
  retries: 0,
  retryDelayMs: 0,
  softLimitMs: 30_000,
  hardLimitMs: 300_000,
  catchUp: { mode: 'latest' },
});
