import { defineConfig, read, variable } from '../../platform/config/index.js';

const HOUR_MS = 3_600_000;

export const schedulerConfig = defineConfig('scheduler', {
  concurrency: variable({
    env: 'LOCKKEEPER_SCHEDULE_CONCURRENCY',
    description: 'How many periodic tasks one worker process runs at once.',
    schema: read.integer(4, { min: 1, max: 100 }),
    example: '4',
  }),
  leaseMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_LEASE_MS',
    description:
      'After how long another worker looks after the schedules when the one that did has died, in milliseconds.',
    schema: read.integer(10_000, { min: 500, max: HOUR_MS }),
    example: '10000',
  }),
  heartbeatTimeoutMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_HEARTBEAT_TIMEOUT_MS',
    description: 'After how long without a sign of life a run is taken over, in milliseconds.',
    schema: read.integer(30_000, { min: 1_000, max: HOUR_MS }),
    example: '30000',
  }),
  pollMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_POLL_MS',
    description: 'How often a worker looks for runs that wait to be started, in milliseconds.',
    schema: read.integer(500, { min: 20, max: 60_000 }),
    example: '500',
  }),
  probeMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_PROBE_MS',
    description: 'How often Redis is probed, and how long a probe may take, in milliseconds.',
    schema: read.integer(1_000, { min: 20, max: 60_000 }),
    example: '1000',
  }),
  probeFailures: variable({
    env: 'LOCKKEEPER_SCHEDULE_PROBE_FAILURES',
    description: 'After how many failed probes in a row the schedules go on without Redis.',
    schema: read.integer(3, { min: 1, max: 100 }),
    example: '3',
  }),
  stableMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_STABLE_MS',
    description: 'How long Redis must answer before the schedules go back to it, in milliseconds.',
    schema: read.integer(30_000, { min: 0, max: HOUR_MS }),
    example: '30000',
  }),
  reconcileMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_RECONCILE_MS',
    description: 'How often due times that nobody has begun are looked for, in milliseconds.',
    schema: read.integer(10_000, { min: 100, max: HOUR_MS }),
    example: '10000',
  }),
  graceMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_GRACE_MS',
    description: 'How late Redis may be with a due time before it is begun without, in milliseconds.',
    schema: read.integer(2_000, { min: 0, max: HOUR_MS }),
    example: '2000',
  }),
  watchdogMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_WATCHDOG_MS',
    description: 'How often it is checked that Redis has every schedule, in milliseconds.',
    schema: read.integer(30_000, { min: 100, max: HOUR_MS }),
    example: '30000',
  }),
  misfireMs: variable({
    env: 'LOCKKEEPER_SCHEDULE_MISFIRE_MS',
    description:
      'How late a task that skips what it missed is still run, in milliseconds: longer than a change of hands takes.',
    schema: read.integer(60_000, { min: 0, max: 24 * HOUR_MS }),
    example: '60000',
  }),
  historyDays: variable({
    env: 'LOCKKEEPER_SCHEDULE_HISTORY_DAYS',
    description: 'How many days the history of periodic tasks is kept.',
    schema: read.integer(14, { min: 1, max: 3_650 }),
    example: '14',
  }),
});
