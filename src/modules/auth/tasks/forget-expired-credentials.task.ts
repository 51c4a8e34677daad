import { definePeriodicTask } from '../../../platform/schedule/index.js';

export const forgetExpiredCredentials = definePeriodicTask({
  name: 'forget-expired-credentials',
  description: 'Forgets refresh tokens, sessions and revoked access tokens that have expired.',
  cron: '17 * * * *',
  priority: 9,
  retries: 2,
  retryDelayMs: 300_000,
  softLimitMs: 600_000,
  hardLimitMs: 900_000,
  catchUp: { mode: 'skip' },
});
