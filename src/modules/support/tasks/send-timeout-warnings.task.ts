import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const sendTimeoutWarnings = definePeriodicTask({
  name: 'send-timeout-warnings',
  description: 'Warns both sides of support chats in which nobody writes, once for each idle time.',
  cron: '*/30 * * * * *',
  priority: 1,
  retries: 3,
  retryDelayMs: 30_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
