import { defineConfig, read, variable } from '../../../platform/config/index.js';

export const logIntakeConfig = defineConfig('logs-intake', {
  isAnonymousIngestionAllowed: variable({
    env: 'LOCKKEEPER_LOGS_ANONYMOUS_INGESTION',
    description: 'Whether anybody may send logs without an API key. Reading them always asks for one.',
    schema: read.flag(false),
    example: 'false',
  }),
  linesPerSecond: variable({
    env: 'LOCKKEEPER_LOGS_RATE_LIMIT_LINES_PER_SECOND',
    description:
      'How many log lines an API key (or an address without one) may send in a second. 0: no limit.',
    schema: read.integer(0, { min: 0, max: 100_000_000 }),
    example: '0',
  }),
});
