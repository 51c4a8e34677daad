import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const autoEndTimeoutChats = definePeriodicTask({
  name: 'auto-end-timeout-chats',
  description:
    'Ends support chats in which nobody has written after the warning, and those that no agent came to.',
  cron: '*/30 * * * * *',
  priority: 1,
  retries: 3,
  retryDelayMs: 30_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
