import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisBreaker } from './redis-breaker.js';
import type { RedisClient } from './redis-clients.js';

/** How many points a key may use within how long. */
export interface Allowance {
  /** The prefix of its keys in Redis. */
  readonly name: string;
  readonly points: number;
  readonly durationSeconds: number;
}

/**
 * Counts in Redis, over all processes; while Redis is away, in this process. The two do not know of each other, so a
 * key has its allowance once more in each process that is without Redis, and no more than that however often Redis
 * comes and goes: what was counted here is remembered for as long as it would be there.
 */
export class InsuredLimiter {
  private readonly shared: RateLimiterRedis;
  private readonly own: RateLimiterMemory;

  constructor(
    redis: RedisClient,
    private readonly breaker: RedisBreaker,
    { name, points, durationSeconds: duration }: Allowance,
  ) {
    this.shared = new RateLimiterRedis({ storeClient: redis, keyPrefix: name, points, duration });
    this.own = new RateLimiterMemory({ points, duration });
  }

  /** Uses points. @throws RateLimiterRes if there are not so many left. */
  async consume(key: string, points = 1): Promise<void> {
    await this.count((limiter) => limiter.consume(key, points));
  }

  /** Leaves a key no points for so many seconds. */
  async block(key: string, seconds: number): Promise<void> {
    await this.count((limiter) => limiter.block(key, seconds));
  }

  /** Gives a point back. */
  async reward(key: string): Promise<void> {
    await this.count((limiter) => limiter.reward(key));
  }

  /** Gives all points back. */
  async delete(key: string): Promise<void> {
    await this.count((limiter) => limiter.delete(key));
  }

  private async count(change: (limiter: RateLimiterRedis | RateLimiterMemory) => Promise<unknown>) {
    try {
      await this.breaker.run(() => change(this.shared));
    } catch (error) {
      if (error instanceof RateLimiterRes) throw error;
      await change(this.own);
    }
  }
}
