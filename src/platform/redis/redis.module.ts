import { Global, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { redisConfig } from './redis.config.js';
import { connect, failFastOptions, type RedisClient } from './redis-clients.js';

/** Injects the client of the durable role. It fails fast; code that uses it says what happens then. */
export const DURABLE_REDIS = Symbol('redis:durable');

const logger = new Logger('Redis');

/** Connected if Redis is there, so that whatever is done at boot can use it; also if it is not. */
async function connectDurable(config: ConfigOf<typeof redisConfig>): Promise<RedisClient> {
  let isDown = false;
  const client = connect(config.durableUrl, failFastOptions(config.commandTimeoutMs), (error) => {
    if (!isDown) logger.warn(`Redis is away: ${error.message}`);
    isDown = true;
  });
  client.on('ready', () => {
    if (isDown) logger.log('Redis is back.');
    isDown = false;
  });
  await new Promise<void>((resolve) => {
    client.once('ready', resolve).once('error', () => resolve());
    setTimeout(resolve, config.commandTimeoutMs).unref();
  });
  return client;
}

/** The one connection that requests use. */
@Global()
@Module({
  providers: [{ provide: DURABLE_REDIS, inject: [redisConfig.token], useFactory: connectDurable }],
  exports: [DURABLE_REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(DURABLE_REDIS) private readonly durable: RedisClient) {}

  onApplicationShutdown(): void {
    this.durable.disconnect();
  }
}
