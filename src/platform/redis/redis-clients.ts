import { Redis, type RedisOptions } from 'ioredis';
import type { ConfigOf } from '../config/index.js';
import type { redisConfig } from './redis.config.js';

/** A connection to Redis. Only `platform/redis` makes one. */
export type RedisClient = Redis;

/** Injects the client of the durable role. It fails fast; code that uses it says what happens then. */
export const DURABLE_REDIS = Symbol('redis:durable');

/**
 * Injects the client of the cache role: what is there may be evicted at any time, so nothing relies on it. It fails
 * fast, like the durable one.
 */
export const CACHE_REDIS = Symbol('redis:cache');

const MAX_RECONNECT_DELAY_MS = 2_000;
/** A command is given up this long after the breaker has stopped waiting for it. */
const AFTER_BREAKER_MS = 5_000;

function reconnectDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);
}

/**
 * Fails at once while the connection is lost. A Redis that hangs is `RedisBreaker`'s to notice; the bound here is much
 * longer, since ioredis does not tell a process that is held up itself from a Redis that is. Reconnects by itself.
 */
export function failFastOptions(commandTimeoutMs: number): RedisOptions {
  return {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs + AFTER_BREAKER_MS,
    connectTimeout: 2_000,
    retryStrategy: reconnectDelayMs,
  };
}

/** Waits for Redis for as long as it takes: what BullMQ's workers need for their blocking reads. */
export function waitingOptions() {
  return { maxRetriesPerRequest: null, connectTimeout: 2_000, retryStrategy: reconnectDelayMs };
}

/** A new connection; its errors are reported, since an unheard one would end the process. */
export function connect(url: string, options: RedisOptions, onError: (error: Error) => void): RedisClient {
  const client = new Redis(url, options);
  client.on('error', onError);
  return client;
}

/** How long a boot waits for a connection. */
const FIRST_CONNECTION_MS = 1_000;

/** Waits until a new connection is there, so that whatever is done at boot can use it; not for long if it is not. */
export async function settled(client: RedisClient): Promise<RedisClient> {
  await new Promise<void>((resolve) => {
    client.once('ready', resolve).once('error', () => resolve());
    setTimeout(resolve, FIRST_CONNECTION_MS).unref();
  });
  return client;
}

/** Where the durable Redis is, without its password. */
export function redisAddress(config: ConfigOf<typeof redisConfig>): string {
  const url = new URL(config.durableUrl);
  return `Redis at ${url.hostname}:${url.port || 6379}`;
}

/**
 * Connects once to the durable Redis and checks that it keeps what it is given.
 * @throws if it does not answer, or evicts.
 */
export async function tryDurableRedis(config: ConfigOf<typeof redisConfig>): Promise<void> {
  const client = new Redis(config.durableUrl, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: 2_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1];
    if (policy !== undefined && policy !== 'noeviction') {
      throw new EvictingRedisError(
        `${redisAddress(config)} evicts (maxmemory-policy ${policy}), so it may drop queued work. ` +
          'Set `maxmemory-policy noeviction` there, or name another server in LOCKKEEPER_REDIS_URL.',
      );
    }
  } finally {
    client.disconnect();
  }
}

/** A durable Redis that may throw away what it holds. Waiting does not help. */
export class EvictingRedisError extends Error {}
