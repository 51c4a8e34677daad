import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const processCustomerServiceQueue = definePeriodicTask({
  name: 'process-customer-service-queue',
  description: 'Gives waiting support chats to free agents, and tells who waits on which place.',
  cron: '*/30 * * * * *',
  priority: 1,
  retries: 3,
  retryDelayMs: 30_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
