import { defineConfig, read, variable } from '../../platform/config/index.js';

const HOUR_MS = 3_600_000;

export const taskConfig = defineConfig('tasks', {
  maxWaiting: variable({
    env: 'LOCKKEEPER_TASKS_MAX_WAITING',
    description: 'How many tasks of one user may wait, in all queues together.',
    schema: read.integer(10_000, { min: 1, max: 10_000_000 }),
    example: '10000',
  }),
  maxRunning: variable({
    env: 'LOCKKEEPER_TASKS_MAX_RUNNING',
    description: 'How many tasks of one user run at once in each queue; the others wait.',
    schema: read.integer(4, { min: 1, max: 10_000 }),
    example: '4',
  }),
  window: variable({
    env: 'LOCKKEEPER_TASKS_WINDOW',
    description:
      'How many tasks of each queue are at hand for the workers. What comes in has at most so many before it, ' +
      'however many another user has waiting.',
    schema: read.integer(8, { min: 1, max: 1_000 }),
    example: '8',
  }),
  pollMs: variable({
    env: 'LOCKKEEPER_TASKS_POLL_MS',
    description: 'How often a worker looks for tasks whose time has come, in milliseconds.',
    schema: read.integer(1_000, { min: 20, max: 60_000 }),
    example: '1000',
  }),
  heartbeatTimeoutMs: variable({
    env: 'LOCKKEEPER_TASKS_HEARTBEAT_TIMEOUT_MS',
    description:
      'After how long without a sign of life of its worker a task is run by another, in milliseconds.',
    schema: read.integer(30_000, { min: 1_000, max: HOUR_MS }),
    example: '30000',
  }),
  readmitMs: variable({
    env: 'LOCKKEEPER_TASKS_READMIT_MS',
    description:
      'After how long a task at hand that nobody has begun is given to Redis again, in milliseconds.',
    schema: read.integer(30_000, { min: 100, max: HOUR_MS }),
    example: '30000',
  }),
  recycleAfter: variable({
    env: 'LOCKKEEPER_TASKS_RECYCLE_AFTER',
    description:
      'After how many tasks a worker stops, once none runs in it, so that whatever keeps it running starts a fresh ' +
      'one; 0: never.',
    schema: read.integer(0, { min: 0, max: 10_000_000 }),
    example: '1000',
  }),
  recycleRssMb: variable({
    env: 'LOCKKEEPER_TASKS_RECYCLE_RSS_MB',
    description: 'At how much memory (resident, in MiB) a worker does the same; 0: never.',
    schema: read.integer(0, { min: 0, max: 1_000_000 }),
    example: '1300',
  }),
});
