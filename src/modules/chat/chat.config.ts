import { defineConfig, read, variable } from '../../platform/config/index.js';

export const chatConfig = defineConfig('chat', {
  historyMessages: variable({
    env: 'LOCKKEEPER_CHAT_HISTORY_MESSAGES',
    description:
      'How many stored messages a model is given when a request continues a conversation without them.',
    schema: read.integer(50, { min: 0, max: 200 }),
    example: '50',
  }),
  concurrentTurns: variable({
    env: 'LOCKKEEPER_CHAT_CONCURRENT_TURNS',
    description:
      'What a turn does whose conversation has a running one: wait for its end, or reject with 409 turn_in_progress.',
    schema: read.oneOf(['wait', 'reject'], 'wait'),
    example: 'wait',
  }),
  turnWaitMs: variable({
    env: 'LOCKKEEPER_CHAT_TURN_WAIT_MS',
    description: 'How long a turn waits for the running one before it is refused with 409, in milliseconds.',
    schema: read.integer(30_000, { min: 0, max: 600_000 }),
    example: '30000',
  }),
  maxMessageBytes: variable({
    env: 'LOCKKEEPER_CHAT_MAX_MESSAGE_BYTES',
    description:
      'The largest message, with all its parts, in bytes of UTF-8; LOCKKEEPER_BODY_LIMIT_BYTES bounds whole requests.',
    // Less than MySQL's largest packet, which is 16 MB unless it is configured.
    schema: read.integer(4_000_000, { min: 1_000, max: 12_000_000 }),
    example: '4000000',
  }),
  defaultModel: variable({
    env: 'LOCKKEEPER_CHAT_DEFAULT_MODEL',
    description: 'The model of a POST /api/chat that names none. Empty: the first of all models.',
    schema: read.text(''),
    example: 'local',
  }),
  passages: variable({
    env: 'LOCKKEEPER_CHAT_PASSAGES',
    description: 'How many passages of documents a turn is given at the most, if it names collections.',
    schema: read.integer(8, { min: 1, max: 50 }),
    example: '8',
  }),
  passageTokens: variable({
    env: 'LOCKKEEPER_CHAT_PASSAGE_TOKENS',
    description:
      'How many tokens these have together at the most; never more than a quarter of what the model reads.',
    schema: read.integer(3_000, { min: 100, max: 100_000 }),
    example: '3000',
  }),
  maxRunningTurns: variable({
    env: 'LOCKKEEPER_CHAT_MAX_RUNNING_TURNS',
    description: 'How many turns one API process runs at once before it answers 503.',
    schema: read.integer(2_000, { min: 1, max: 100_000 }),
    example: '2000',
  }),
  turnTimeoutMs: variable({
    env: 'LOCKKEEPER_CHAT_TURN_TIMEOUT_MS',
    description: 'After how long a turn that still runs is ended as failed, in milliseconds.',
    schema: read.integer(600_000, { min: 1_000, max: 3_600_000 }),
    example: '600000',
  }),
  violationPenalty: variable({
    env: 'LOCKKEEPER_CHAT_VIOLATION_PENALTY',
    description: 'Coins charged for a turn that the provider stopped for its content.',
    schema: read.coins('0'),
    example: '0',
  }),
});
