import { defineConfig, read, variable } from '../../platform/config/index.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const supportConfig = defineConfig('support', {
  queueLimit: variable({
    env: 'LOCKKEEPER_SUPPORT_QUEUE_LIMIT',
    description: 'How many support chats may wait for an agent; one more is refused with 503.',
    schema: read.integer(1_000, { min: 1, max: 100_000 }),
    example: '1000',
  }),
  maxWaitMs: variable({
    env: 'LOCKKEEPER_SUPPORT_MAX_WAIT_MS',
    description:
      'How long a support chat waits for an agent before it is ended as unanswered, in milliseconds.',
    schema: read.integer(24 * 60 * MINUTE, { min: SECOND, max: 30 * 24 * 60 * MINUTE }),
    example: '86400000',
  }),
  idleBeforeWarningMs: variable({
    env: 'LOCKKEEPER_SUPPORT_IDLE_BEFORE_WARNING_MS',
    description: 'After how long without a message both sides of a support chat are warned, in milliseconds.',
    schema: read.integer(5 * MINUTE, { min: SECOND, max: 7 * 24 * 60 * MINUTE }),
    example: '300000',
  }),
  idleAfterWarningMs: variable({
    env: 'LOCKKEEPER_SUPPORT_IDLE_AFTER_WARNING_MS',
    description: 'How long after that warning an idle support chat is ended, in milliseconds.',
    schema: read.integer(2 * MINUTE, { min: SECOND, max: 7 * 24 * 60 * MINUTE }),
    example: '120000',
  }),
  agentAwayMs: variable({
    env: 'LOCKKEEPER_SUPPORT_AGENT_AWAY_MS',
    description:
      'An agent on duty who has called nothing and had no connection for this long gets no new chats, in milliseconds.',
    schema: read.integer(2 * MINUTE, { min: 5 * SECOND, max: 24 * 60 * MINUTE }),
    example: '120000',
  }),
  messagesPerMinute: variable({
    env: 'LOCKKEEPER_SUPPORT_MESSAGES_PER_MINUTE',
    description: 'How many support messages one user or agent may send in a minute.',
    schema: read.integer(120, { min: 1, max: 100_000 }),
    example: '120',
  }),
  maxMessages: variable({
    env: 'LOCKKEEPER_SUPPORT_MAX_MESSAGES',
    description: 'How many messages one support chat may have.',
    schema: read.integer(5_000, { min: 10, max: 1_000_000 }),
    example: '5000',
  }),
  archiveAfterDays: variable({
    env: 'LOCKKEEPER_SUPPORT_ARCHIVE_AFTER_DAYS',
    description: 'How many days after its end a support chat is archived.',
    schema: read.integer(30, { min: 1, max: 3_650 }),
    example: '30',
  }),
  eraseTextsAfterDays: variable({
    env: 'LOCKKEEPER_SUPPORT_ERASE_TEXTS_AFTER_DAYS',
    description: 'How many days after its end the texts of an archived support chat are erased.',
    schema: read.integer(365, { min: 1, max: 36_500 }),
    example: '365',
  }),
});
