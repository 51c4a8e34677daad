import { defineConfig, read, variable } from '../config/index.js';

export const queueConfig = defineConfig('queues', {
  prefix: variable({
    env: 'LOCKKEEPER_QUEUE_PREFIX',
    description: 'Begins every key of the queues in Redis. The braces keep them together in a Redis Cluster.',
    schema: read.text('{lockkeeper}'),
    example: '{lockkeeper}',
  }),
});
