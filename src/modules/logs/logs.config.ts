import { defineConfig, read, variable } from '../../platform/config/index.js';

export const logsConfig = defineConfig('logs', {
  backlogBytes: variable({
    env: 'LOCKKEEPER_LOGS_BACKLOG_BYTES',
    description: 'How many bytes of logs may wait in Redis to be stored before more are answered with 503.',
    schema: read.integer(512 * 1024 * 1024, { min: 1_000, max: 1024 ** 4 }),
    example: '536870912',
  }),
  writers: variable({
    env: 'LOCKKEEPER_LOGS_WRITERS',
    description:
      'How many writers of logs run in one worker process, each with a connection to the database.',
    schema: read.integer(2, { min: 0, max: 64 }),
    example: '2',
  }),
  claimIdleMs: variable({
    env: 'LOCKKEEPER_LOGS_CLAIM_IDLE_MS',
    description:
      'After how many milliseconds without an answer logs are taken over from a writer that has died.',
    schema: read.integer(60_000, { min: 100, max: 3_600_000 }),
    example: '60000',
  }),
  storedWaitMs: variable({
    env: 'LOCKKEEPER_LOGS_STORED_WAIT_MS',
    description:
      'How long a request with ack=stored waits until its logs are in the database, in milliseconds. Nginx and the ' +
      'clients of OTLP wait for 10 seconds.',
    schema: read.integer(8_000, { min: 10, max: 300_000 }),
    example: '8000',
  }),
  retentionDays: variable({
    env: 'LOCKKEEPER_LOGS_RETENTION_DAYS',
    description: 'How many days logs are kept, counted from their own time. Receipts are kept as long.',
    schema: read.integer(30, { min: 1, max: 3_650 }),
    example: '30',
  }),
});
