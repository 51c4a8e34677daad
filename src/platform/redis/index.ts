export { InsuredLimiter } from './insured-limiter.js';
export { answerWithin, NoAnswerError } from './patience.js';
export { CacheBreaker } from './cache-breaker.js';
export { RedisAwayError } from './redis-away.js';
export { RedisBreaker } from './redis-breaker.js';
export { RedisProbe } from './redis-probe.js';
export { redisConfig } from './redis.config.js';
export { RedisConnections } from './redis-connections.js';
export { RedisModule } from './redis.module.js';
export {
  CACHE_REDIS,
  DURABLE_REDIS,
  EvictingRedisError,
  redisAddress,
  tryDurableRedis,
  waitingOptions,
} from './redis-clients.js';
export type { RedisClient } from './redis-clients.js';
export { RedisScript } from './redis-script.js';
