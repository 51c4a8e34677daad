import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import type { ConfigOf } from '../config/index.js';
import { counter, gauge } from '../metrics/index.js';
import { RedisAwayError } from './redis-away.js';
import { RedisBreaker } from './redis-breaker.js';
import { CACHE_REDIS, type RedisClient } from './redis-clients.js';
import { redisConfig } from './redis.config.js';

export const cacheBreakerMetricProviders = [
  gauge('lockkeeper_cache_breaker_open', 'Whether this process takes the cache for away (1) or not (0).', []),
  counter(
    'lockkeeper_cache_breaker_changes_total',
    'How often this process took the cache for away, or back.',
    ['to'],
  ),
];

/** Like `RedisBreaker`, of the cache role. */
@Injectable()
export class CacheBreaker extends RedisBreaker {
  protected override readonly logger = new Logger('Cache');

  constructor(
    @Inject(CACHE_REDIS) redis: RedisClient,
    @Inject(redisConfig.token) config: ConfigOf<typeof redisConfig>,
    @InjectMetric('lockkeeper_cache_breaker_open') openGauge: Gauge,
    @InjectMetric('lockkeeper_cache_breaker_changes_total') changeCounter: Counter,
  ) {
    super(redis, config, openGauge, changeCounter);
  }

  /** Does something with the cache. Undefined if the cache is away or refuses: whoever asks goes on without. */
  async attempt<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.run(operation);
    } catch (error) {
      // That it is away has been said already.
      if (!(error instanceof RedisAwayError)) this.logger.warn('the cache failed', { reason: String(error) });
      return undefined;
    }
  }
}
