import { z } from 'zod';
import { defineConfig, read, variable } from '../config/index.js';

const MIN_TOKEN_LENGTH = 16;

export const metricsConfig = defineConfig('metrics', {
  isOn: variable({
    env: 'LOCKKEEPER_MONITORING',
    description:
      'false: no heartbeats and no metrics, to measure what they cost; then nobody sees that a process has died.',
    schema: read.flag(true),
    example: 'true',
  }),
  runDir: variable({
    env: 'LOCKKEEPER_RUN_DIR',
    description:
      'Where the processes of one machine find each other for /metrics; a folder in LOCKKEEPER_DATA_DIR if unset.',
    schema: z.string().optional(),
    example: '/run/lockkeeper',
  }),
  token: variable({
    env: 'LOCKKEEPER_METRICS_TOKEN',
    description:
      'A bearer token that reads /metrics and nothing else. If unset, a caller needs the scope operations, or, outside of production, to be on this machine.',
    schema: z
      .string()
      .min(MIN_TOKEN_LENGTH, `must be at least ${MIN_TOKEN_LENGTH} characters`)
      .regex(/^[\x21-\x7e]+$/, 'must be of visible ASCII characters')
      .optional(),
    example: 'a-long-random-text',
  }),
  instance: variable({
    env: 'NODE_APP_INSTANCE',
    description: 'Set by PM2: which of several like processes this is. In metrics api-0, api-1 and so on.',
    schema: z
      .string()
      .regex(/^\d{1,3}$/, 'must be a whole number below 1000')
      .transform(Number)
      .optional(),
    example: '0',
  }),
});
