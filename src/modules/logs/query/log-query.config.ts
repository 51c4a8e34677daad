import { defineConfig, read, variable } from '../../../platform/config/index.js';

export const logQueryConfig = defineConfig('log-query', {
  defaultWindowHours: variable({
    env: 'LOCKKEEPER_LOGS_DEFAULT_WINDOW_HOURS',
    description: 'How far back a query for logs looks that names no beginning, in hours.',
    schema: read.integer(24, { min: 1, max: 8_760 }),
    example: '24',
  }),
  searchWindowHours: variable({
    env: 'LOCKKEEPER_LOGS_SEARCH_WINDOW_HOURS',
    description:
      'The longest window in which logs are searched by text or data without a device or trace, in hours.',
    schema: read.integer(168, { min: 1, max: 8_760 }),
    example: '168',
  }),
  timeoutMs: variable({
    env: 'LOCKKEEPER_LOGS_QUERY_TIMEOUT_MS',
    description: 'How long one query for logs may take in the database, in milliseconds.',
    schema: read.integer(5_000, { min: 1, max: 60_000 }),
    example: '5000',
  }),
  concurrentQueries: variable({
    env: 'LOCKKEEPER_LOGS_CONCURRENT_QUERIES',
    description:
      'How many queries for logs one API process runs at once, and again as many for pages of devices; others wait.',
    schema: read.integer(5, { min: 1, max: 100 }),
    example: '5',
  }),
  concurrentTails: variable({
    env: 'LOCKKEEPER_LOGS_CONCURRENT_TAILS',
    description:
      'How many clients may follow the logs live through one API process; one more is refused with 429.',
    schema: read.integer(20, { min: 1, max: 1_000 }),
    example: '20',
  }),
  tailPatienceMs: variable({
    env: 'LOCKKEEPER_LOGS_TAIL_PATIENCE_MS',
    description:
      'After how many milliseconds a client that follows the logs live and takes nothing is cut off.',
    // The writers remember a tail that is not renewed for a minute.
    schema: read.integer(30_000, { min: 10, max: 50_000 }),
    example: '30000',
  }),
  tailDurationMs: variable({
    env: 'LOCKKEEPER_LOGS_TAIL_DURATION_MS',
    description: 'How long a client may follow the logs live before it has to ask again, in milliseconds.',
    schema: read.integer(3_600_000, { min: 100, max: 86_400_000 }),
    example: '3600000',
  }),
  concurrentExports: variable({
    env: 'LOCKKEEPER_LOGS_CONCURRENT_EXPORTS',
    description: 'How many exports of logs one API process makes at once; one more is refused with 429.',
    schema: read.integer(2, { min: 1, max: 100 }),
    example: '2',
  }),
});
