import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const cleanUpFiles = definePeriodicTask({
  name: 'clean-up-files',
  description:
    'Finishes the removal of deleted files, and removes what is left of uploads whose process died.',
  cron: '*/30 * * * * *',
  priority: 5,
  // The next slot is sooner than any retry.
  retries: 0,
  retryDelayMs: 0,
  softLimitMs: 600_000,
  hardLimitMs: 900_000,
  catchUp: { mode: 'latest' },
});
