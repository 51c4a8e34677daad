import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const cleanupLongInactiveChats = definePeriodicTask({
  name: 'cleanup-long-inactive-chats',
  description: 'Archives support chats long after their end, and erases the texts of archived ones.',
  cron: '0 2 * * *',
  priority: 8,
  retries: 2,
  retryDelayMs: 300_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
