import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { breakerMetricProviders, RedisBreaker } from './redis-breaker.js';
import { CacheBreaker, cacheBreakerMetricProviders } from './cache-breaker.js';
import {
  CACHE_REDIS,
  connect,
  DURABLE_REDIS,
  failFastOptions,
  type RedisClient,
  settled,
} from './redis-clients.js';
import { RedisConnections } from './redis-connections.js';
import { redisConfig } from './redis.config.js';

/** It fails fast; the breaker of its role says when Redis goes and comes, and hears its errors, too. */
function connectFirst(url: string, config: ConfigOf<typeof redisConfig>): Promise<RedisClient> {
  return settled(connect(url, failFastOptions(config.commandTimeoutMs), () => undefined));
}

/** For each of the two roles the one connection that requests use, and the breaker that knows whether it is of use. */
@Global()
@Module({
  providers: [
    {
      provide: DURABLE_REDIS,
      inject: [redisConfig.token],
      useFactory: (config: ConfigOf<typeof redisConfig>) => connectFirst(config.durableUrl, config),
    },
    {
      provide: CACHE_REDIS,
      inject: [redisConfig.token],
      useFactory: (config: ConfigOf<typeof redisConfig>) =>
        connectFirst(config.cacheUrl ?? config.durableUrl, config),
    },
    ...breakerMetricProviders,
    ...cacheBreakerMetricProviders,
    RedisBreaker,
    CacheBreaker,
    RedisConnections,
  ],
  exports: [DURABLE_REDIS, CACHE_REDIS, RedisBreaker, CacheBreaker, RedisConnections],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(DURABLE_REDIS) private readonly durable: RedisClient,
    @Inject(CACHE_REDIS) private readonly cache: RedisClient,
  ) {}

  onApplicationShutdown(): void {
    this.durable.disconnect();
    this.cache.disconnect();
  }
}
