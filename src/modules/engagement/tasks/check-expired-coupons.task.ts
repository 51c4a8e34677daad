import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const checkExpiredCoupons = definePeriodicTask({
  name: 'check-expired-coupons',
  description: 'Marks coupons whose time is up, and gives the coins of redemptions that broke off.',
  cron: '*/5 * * * *',
  priority: 4,
  retries: 3,
  retryDelayMs: 60_000,
  softLimitMs: 25 * 60_000,
  hardLimitMs: 30 * 60_000,
  catchUp: { mode: 'latest' },
});
