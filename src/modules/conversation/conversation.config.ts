import { defineConfig, read, variable } from '../../platform/config/index.js';

export const conversationConfig = defineConfig('conversation', {
  saveBacklogLimit: variable({
    env: 'LOCKKEEPER_SAVE_BACKLOG_LIMIT',
    description:
      'How many finished turns of one shard may wait to be saved before new turns are refused with 503.',
    schema: read.integer(20_000, { min: 1, max: 10_000_000 }),
    example: '20000',
  }),
  turnLeaseMs: variable({
    env: 'LOCKKEEPER_TURN_LEASE_MS',
    description:
      'After how long without a sign of life a running turn is taken for one of a crashed process, in milliseconds.',
    // More than the pause between two signs; so little that a crash is cleared up, coins and all, within a minute:
    // a hold outlives this by 30 s, and is swept every 5 s.
    schema: read.integer(20_000, { min: 10_000, max: 25_000 }),
    example: '20000',
  }),
  maxConversations: variable({
    env: 'LOCKKEEPER_MAX_CONVERSATIONS',
    description: 'How many conversations one user may have; one more is refused with 409.',
    schema: read.integer(100_000, { min: 1, max: 10_000_000 }),
    example: '100000',
  }),
  maxMessages: variable({
    env: 'LOCKKEEPER_MAX_MESSAGES',
    description: 'How many messages one conversation may have; it is not continued beyond that (409).',
    schema: read.integer(1_000_000, { min: 2, max: 100_000_000 }),
    example: '1000000',
  }),
});
