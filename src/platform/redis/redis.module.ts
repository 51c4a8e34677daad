import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { breakerMetricProviders, RedisBreaker } from './redis-breaker.js';
import { connect, DURABLE_REDIS, failFastOptions, type RedisClient } from './redis-clients.js';
import { RedisConnections } from './redis-connections.js';
import { redisConfig } from './redis.config.js';

/** How long a boot waits for the connection. */
const FIRST_CONNECTION_MS = 1_000;

/** Connected if Redis is there, so that whatever is done at boot can use it; also if it is not. */
async function connectDurable(config: ConfigOf<typeof redisConfig>): Promise<RedisClient> {
  // The breaker says when Redis goes and comes; it hears these errors, too.
  const client = connect(config.durableUrl, failFastOptions(config.commandTimeoutMs), () => undefined);
  await new Promise<void>((resolve) => {
    client.once('ready', resolve).once('error', () => resolve());
    setTimeout(resolve, FIRST_CONNECTION_MS).unref();
  });
  return client;
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
