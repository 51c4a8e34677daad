import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, InsuredLimiter, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { accountMark } from './audit-log.js';
import { authConfig } from './auth.config.js';
import { tooManyAttempts } from './auth.errors.js';
import { clientNetwork } from './domain/client-address.js';

const QUARTER_HOUR_SECONDS = 15 * 60;
const HOUR_SECONDS = 60 * 60;

/** One attempt that has been counted as a failure until it turns out otherwise. */
export interface CountedAttempt {
  readonly account: string;
  readonly network: string;
}

/**
 * Bounds how often passwords can be guessed, over all processes by counters in Redis; while Redis is away
 * each process counts for itself. An attempt is counted before the password is looked at, because otherwise
 * any number of attempts at once would get past.
 */
@Injectable()
export class SignInLimiter {
  private readonly byAccountAndNetwork: InsuredLimiter;
  private readonly byNetwork: InsuredLimiter;
  private readonly byAccount: InsuredLimiter;
  private readonly signUpsByNetwork: InsuredLimiter;

  constructor(
    @Inject(DURABLE_REDIS) redis: RedisClient,
    breaker: RedisBreaker,
    @Inject(authConfig.token) config: ConfigOf<typeof authConfig>,
  ) {
    const limiter = (name: string, points: number, durationSeconds: number) =>
      new InsuredLimiter(redis, breaker, { name: `auth:${name}`, points, durationSeconds });
    this.byAccountAndNetwork = limiter(
      'failures:account-address',
      config.failuresPerAccountAndAddress,
      QUARTER_HOUR_SECONDS,
    );
    this.byNetwork = limiter('failures:address', config.failuresPerAddress, HOUR_SECONDS);
    this.byAccount = limiter('failures:account', config.failuresPerAccount, HOUR_SECONDS);
    this.signUpsByNetwork = limiter('sign-ups:address', config.signUpsPerAddress, HOUR_SECONDS);
  }

  /**
   * Counts an attempt to prove a password as failed.
   * @throws too_many_attempts if one more failure is not allowed; then the password must not be looked at.
   */
  async begin(email: string, address: string): Promise<CountedAttempt> {
    const attempt = { account: accountMark(email), network: clientNetwork(address) };
    await consume(this.byAccountAndNetwork, pairKey(attempt));
    await consume(this.byNetwork, attempt.network);
    await consume(this.byAccount, attempt.account);
    return attempt;
  }

  /** The password was right: forgets the failures from this address, and does not count the attempt. */
  async succeeded(attempt: CountedAttempt): Promise<void> {
    await Promise.all([
      this.byAccountAndNetwork.delete(pairKey(attempt)),
      this.byNetwork.reward(attempt.network),
      this.byAccount.reward(attempt.account),
    ]);
  }

  /** Nothing was learned about the password (we were too busy, say): does not count the attempt. */
  async cancel(attempt: CountedAttempt): Promise<void> {
    await Promise.all([
      this.byAccountAndNetwork.reward(pairKey(attempt)),
      this.byNetwork.reward(attempt.network),
      this.byAccount.reward(attempt.account),
    ]);
  }

  /** Counts a request for an account. @throws too_many_attempts */
  async countSignUp(address: string): Promise<void> {
    await consume(this.signUpsByNetwork, clientNetwork(address));
  }
}

function pairKey(attempt: CountedAttempt): string {
  return `${attempt.account}:${attempt.network}`;
}

async function consume(limiter: InsuredLimiter, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    throw tooManyAttempts({
      detail: `Too many attempts. Try again in ${retryAfterSeconds} s.`,
      retryAfterSeconds,
    });
  }
}
