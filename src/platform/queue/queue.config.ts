import { defineConfig, read, variable } from '../config/index.js';

export const queueConfig = defineConfig('queues', {
  prefix: variable({
    env: 'LOCKKEEPER_QUEUE_PREFIX',
    description: 'Begins every key of the queues in Redis. The braces keep them together in a Redis Cluster.',
    schema: read.text('{lockkeeper}'),
    example: '{lockkeeper}',
  }),
  workedQueues: variable({
    env: 'LOCKKEEPER_WORKER_QUEUES',
    description: 'The queues that a worker takes jobs from, with commas between them; empty: all.',
    schema: read.text(''),
    example: 'file_processing,vectorization',
  }),
  concurrency: variable({
    env: 'LOCKKEEPER_WORKER_CONCURRENCY',
    description:
      'How many jobs of each queue a worker runs at once; 0: as many as the queue says. Queues whose jobs run one ' +
      'after the other are not concerned.',
    schema: read.integer(0, { min: 0, max: 1_000 }),
    example: '0',
  }),
});
