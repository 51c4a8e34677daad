export { redisConfig } from './redis.config.js';
export { DURABLE_REDIS, RedisModule } from './redis.module.js';
export { EvictingRedisError, redisAddress, tryDurableRedis, waitingOptions } from './redis-clients.js';
export type { RedisClient } from './redis-clients.js';
export { RedisScript } from './redis-script.js';
