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
});
