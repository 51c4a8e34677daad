import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const cancelExpiredTasks = definePeriodicTask({
  name: 'cancel-expired-tasks',
  description:
    'Ends tasks of the marketplace whose time is up: cancels those that nobody accepted or delivered, confirms those ' +
    'without an answer, and finishes payments that were cut off.',
  cron: '* * * * *',
  priority: 3,
  retries: 3,
  retryDelayMs: 60_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
