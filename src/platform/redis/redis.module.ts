import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { breakerMetricProviders, RedisBreaker } from './redis-breaker.js';
import { connect, DURABLE_REDIS, failFastOptions, type RedisClient, settled } from './redis-clients.js';
import { RedisConnections } from './redis-connections.js';
import { redisConfig } from './redis.config.js';

/** It fails fast; the breaker says when Redis goes and comes, and hears its errors, too. */
function connectDurable(config: ConfigOf<typeof redisConfig>): Promise<RedisClient> {
  return settled(connect(config.durableUrl, failFastOptions(config.commandTimeoutMs), () => undefined));
}

/** The one connection that requests use, and the breaker that knows whether it is of use. */
@Global()
@Module({
  providers: [
    { provide: DURABLE_REDIS, inject: [redisConfig.token], useFactory: connectDurable },
    ...breakerMetricProviders,
    RedisBreaker,
    RedisConnections,
  ],
  exports: [DURABLE_REDIS, RedisBreaker, RedisConnections],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(DURABLE_REDIS) private readonly durable: RedisClient) {}

  onApplicationShutdown(): void {
    this.durable.disconnect();
  }
}
