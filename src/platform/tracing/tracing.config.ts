import { z } from 'zod';
import { defineConfig, read, variable } from '../config/index.js';

export const tracingConfig = defineConfig('tracing', {
  url: variable({
    env: 'LOCKKEEPER_TRACES_URL',
    description: 'Where traces are sent, as OTLP over HTTP. Without it nothing is traced.',
    schema: read.optionalUrl(['http', 'https']),
    example: 'http://127.0.0.1:4318/v1/traces',
  }),
  ratio: variable({
    env: 'LOCKKEEPER_TRACES_RATIO',
    description: 'Which part of all traces is recorded, from 0 to 1.',
    schema: z
      .string()
      .regex(/^(0|1|0?\.\d+|1\.0+|0\.0*)$/, 'must be a number from 0 to 1')
      .transform(Number)
      .default(1),
    example: '1',
  }),
});
