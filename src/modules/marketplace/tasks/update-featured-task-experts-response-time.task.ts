import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const updateFeaturedTaskExpertsResponseTime = definePeriodicTask({
  name: 'update-featured-task-experts-response-time',
  description: 'Computes how fast featured experts delivered over the last 90 days.',
  cron: '0 3 * * *',
  priority: 8,
  retries: 2,
  retryDelayMs: 300_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
