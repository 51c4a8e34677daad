import { expect, it } from 'vitest';
import { periodicTasks } from '../../src/app.tasks.js';

const MINUTE_S = 60;

/** What operators of the first system know: name, cron, retries, seconds between them. */
const KNOWN = [
  ['process-customer-service-queue', '*/30 * * * * *', 3, 30],
  ['auto-end-timeout-chats', '*/30 * * * * *', 3, 30],
  ['send-timeout-warnings', '*/30 * * * * *', 3, 30],
  ['cancel-expired-tasks', '* * * * *', 3, 60],
  ['check-expired-coupons', '*/5 * * * *', 3, 60],
  ['check-expired-invitation-codes', '*/5 * * * *', 3, 60],
  ['check-expired-points', '*/5 * * * *', 3, 60],
  ['check-and-end-activities', '*/5 * * * *', 2, 120],
  ['update-all-users-statistics', '*/10 * * * *', 2, 300],
  ['cleanup-long-inactive-chats', '0 2 * * *', 2, 300],
  ['update-featured-task-experts-response-time', '0 3 * * *', 2, 300],
] as const;

it.each(KNOWN)('%s is due at %s, and tried again %i times after %i s', (name, cron, retries, delayS) => {
  const task = periodicTasks.find((candidate) => candidate.name === name);
  expect(task).toMatchObject({ cron, retries, retryDelayMs: delayS * 1_000 });
  expect(task).toMatchObject({ softLimitMs: 25 * MINUTE_S * 1_000, hardLimitMs: 30 * MINUTE_S * 1_000 });
});

it('customer service comes first', () => {
  const first = Math.min(...periodicTasks.map(({ priority }) => priority));
  const urgent = periodicTasks.filter(({ priority }) => priority === first).map(({ name }) => name);
  expect(urgent).toEqual(
    expect.arrayContaining([
      'process-customer-service-queue',
      'auto-end-timeout-chats',
      'send-timeout-warnings',
    ]),
  );
});
