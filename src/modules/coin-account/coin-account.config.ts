import { defineConfig, read, variable } from '../../platform/config/index.js';

export const coinAccountConfig = defineConfig('coin-account', {
  groupSize: variable({
    env: 'LOCKKEEPER_COIN_GROUP_SIZE',
    description: 'How many operations on one account are committed together at the most.',
    schema: read.integer(250, { min: 1, max: 1_000 }),
    example: '250',
  }),
  maxWaiting: variable({
    env: 'LOCKKEEPER_COIN_MAX_WAITING',
    description:
      'How many operations on one account may wait in one process before more are answered with 429.',
    schema: read.integer(5_000, { min: 1, max: 1_000_000 }),
    example: '5000',
  }),
  reconcileIntervalMs: variable({
    env: 'LOCKKEEPER_COIN_RECONCILE_INTERVAL_MS',
    description:
      'How often a worker compares accounts, journal, holds and turns, in milliseconds. One that takes longer is given up.',
    schema: read.integer(3_600_000, { min: 60_000, max: 604_800_000 }),
    example: '3600000',
  }),
});
