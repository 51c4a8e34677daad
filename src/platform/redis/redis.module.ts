import { Global, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../config/index.js';
import { redisConfig } from './redis.config.js';
import { connect, failFastOptions, type RedisClient } from './redis-clients.js';

/** Injects the client of the durable role. */
export const DURABLE_REDIS = Symbol('redis:durable');
/** Injects the client of the cache role. */
export const CACHE_REDIS = Symbol('redis:cache');

const logger = new Logger('Redis');

function connectRole(role: string, url: string, commandTimeoutMs: number): RedisClient {
  let isDown = false;
  const client = connect(url, failFastOptions(commandTimeoutMs), (error) => {
    if (!isDown) logger.warn(`The ${role} Redis is away: ${error.message}`);
    isDown = true;
  });
  client.on('ready', () => {
    if (isDown) logger.log(`The ${role} Redis is back.`);
    isDown = false;
  });
  return client;
}

/** The two clients that requests use. Both fail fast; code that uses them says what happens then. */
@Global()
@Module({
  providers: [
    {
      provide: DURABLE_REDIS,
      inject: [redisConfig.token],
      useFactory: (config: ConfigOf<typeof redisConfig>) =>
        connectRole('durable', config.durableUrl, config.commandTimeoutMs),
    },
    {
      provide: CACHE_REDIS,
      inject: [redisConfig.token],
      useFactory: (config: ConfigOf<typeof redisConfig>) =>
        connectRole('cache', config.cacheUrl ?? config.durableUrl, config.commandTimeoutMs),
    },
  ],
  exports: [DURABLE_REDIS, CACHE_REDIS],
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
