import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  DURABLE_REDIS,
  InsuredLimiter,
  RedisBreaker,
  type RedisClient,
} from '../../../platform/redis/index.js';
import { logRateExceeded } from './intake.errors.js';
import { logIntakeConfig } from './log-intake.config.js';

/** Bounds how many lines a caller sends in a second, over all processes. */
@Injectable()
export class LineLimiter {
  private readonly limiter: InsuredLimiter | undefined;
  private readonly linesPerSecond: number;

  constructor(
    @Inject(DURABLE_REDIS) redis: RedisClient,
    breaker: RedisBreaker,
    @Inject(logIntakeConfig.token) { linesPerSecond }: ConfigOf<typeof logIntakeConfig>,
  ) {
    this.linesPerSecond = linesPerSecond;
    if (linesPerSecond === 0) return;
    const allowance = { name: 'logs:rate', points: linesPerSecond, durationSeconds: 1 };
    this.limiter = new InsuredLimiter(redis, breaker, allowance);
  }

  /**
   * Counts the lines of a request. One with more lines than a second's is let through if the caller sent nothing in
   * this second, which then has to wait until it would have been allowed them all.
   * @throws log_rate_exceeded
   */
  async count(caller: string, lines: number): Promise<void> {
    if (!this.limiter) return;
    try {
      await this.limiter.consume(caller, Math.min(lines, this.linesPerSecond));
      if (lines > this.linesPerSecond) {
        await this.limiter.block(caller, Math.ceil(lines / this.linesPerSecond));
      }
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw logRateExceeded({ retryAfterSeconds });
    }
  }
}
