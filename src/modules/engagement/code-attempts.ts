import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, InsuredLimiter, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { engagementConfig } from './engagement.config.js';
import { tooManyCodeAttempts } from './engagement.errors.js';

const HOUR_SECONDS = 3_600;

/** Bounds how many wrong codes a user can try, over all processes. */
@Injectable()
export class CodeAttempts {
  private readonly limiter: InsuredLimiter;

  constructor(
    @Inject(DURABLE_REDIS) redis: RedisClient,
    breaker: RedisBreaker,
    @Inject(engagementConfig.token) config: ConfigOf<typeof engagementConfig>,
  ) {
    this.limiter = new InsuredLimiter(redis, breaker, {
      name: 'engagement:code-attempts',
      points: config.codeAttemptsPerHour,
      durationSeconds: HOUR_SECONDS,
    });
  }

  /**
   * Counts an attempt before the code is looked at, and takes it back if `attempt` succeeds: tries at once are all
   * counted.
   * @throws `too_many_code_attempts`, and what `attempt` throws
   */
  async count<T>(userId: string, attempt: () => Promise<T>): Promise<T> {
    try {
      await this.limiter.consume(userId);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw tooManyCodeAttempts({ retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) });
    }
    const result = await attempt();
    await this.limiter.reward(userId);
    return result;
  }
}
