import { defineConfig, variable } from './define-config.js';
import * as read from './readers.js';
import { z } from 'zod';

/** What concerns the process as a whole. */
export const appEnvironmentConfig = defineConfig('application', {
  nodeEnv: variable({
    env: 'NODE_ENV',
    description:
      'development, test or production. Production refuses published secrets and hides test instruments.',
    schema: z.enum(['development', 'test', 'production']).default('development'),
    example: 'development',
  }),
  logLevel: variable({
    env: 'LOCKKEEPER_LOG_LEVEL',
    description: 'The least severe log line that is written: fatal, error, warn, info, debug or trace.',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    example: 'info',
  }),
  dataDir: variable({
    env: 'LOCKKEEPER_DATA_DIR',
    description: 'Where npm start keeps private servers, credentials and logs.',
    schema: read.text('.data'),
    example: '.data',
  }),
  startTimeoutMs: variable({
    env: 'LOCKKEEPER_START_TIMEOUT_MS',
    description: 'How long a process waits at start for MySQL and Redis, in milliseconds.',
    schema: read.integer(30_000, { min: 0, max: 600_000 }),
    example: '30000',
  }),
  shutdownTimeoutMs: variable({
    env: 'LOCKKEEPER_SHUTDOWN_TIMEOUT_MS',
    description: 'How long a process that is told to stop may finish what runs, in milliseconds.',
    schema: read.integer(25_000, { min: 0, max: 600_000 }),
    example: '25000',
  }),
});
