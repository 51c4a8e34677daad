import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const forgetSlots = definePeriodicTask({
  name: 'forget-schedule-history',
  description: 'Forgets what periodic tasks did longer than LOCKKEEPER_SCHEDULE_HISTORY_DAYS ago.',
  cron: '23 * * * *',
  priority: 9,
  retries: 2,
  retryDelayMs: 300_000,
  softLimitMs: 600_000,
  hardLimitMs: 900_000,
  catchUp: { mode: 'skip' },
});
