import { defineConfig, read, variable } from '../config/index.js';

export const redisConfig = defineConfig('redis', {
  durableUrl: variable({
    env: 'LOCKKEEPER_REDIS_URL',
    description:
      'Redis 6.2 or newer for queues and running turns: noeviction, AOF. npm start brings its own if unset.',
    schema: read.requiredUrl(['redis', 'rediss']),
    example: 'redis://127.0.0.1:6379/0',
  }),
  cacheUrl: variable({
    env: 'LOCKKEEPER_CACHE_REDIS_URL',
    description:
      'Redis for what can be read again elsewhere. It may evict, and may be away. The one of LOCKKEEPER_REDIS_URL if unset.',
    schema: read.optionalUrl(['redis', 'rediss']),
    example: 'redis://127.0.0.1:6380/0',
  }),
  commandTimeoutMs: variable({
    env: 'LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS',
    description: 'How long a request waits for Redis before it goes on without, in milliseconds.',
    schema: read.integer(250, { min: 10, max: 10_000 }),
    example: '250',
  }),
});
