import { setImmediate as allRead } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { Clock } from '../../shared/clock.js';
import { authConfig } from './auth.config.js';
import type { RevokedToken } from './session.repository.js';

const KEY_PREFIX = 'jwt:blacklist:';
const MARGIN_MS = 10_000;

/**
 * The copy in Redis of what was revoked, asked on every request, so that a revocation counts at once in all
 * processes. MySQL is the truth: what Redis loses, or is not told, is noticed when the principal cache of
 * a process expires.
 */
@Injectable()
export class TokenBlacklist {
  private readonly logger = new Logger('TokenBlacklist');
  private readonly nextHashes = new Set<string>();
  private nextAnswer: Promise<ReadonlySet<string>> | undefined;

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    private readonly clock: Clock,
    @Inject(authConfig.token) private readonly config: ConfigOf<typeof authConfig>,
  ) {}

  /** Requests that come at the same moment ask Redis together. @throws if Redis is away; then ask MySQL. */
  async has(hash: string): Promise<boolean> {
    this.nextHashes.add(hash);
    this.nextAnswer ??= this.askSoon();
    return (await this.nextAnswer).has(hash);
  }

  /** Once all that has come is read, asks which of the next hashes are revoked. */
  private async askSoon(): Promise<ReadonlySet<string>> {
    await allRead();
    const hashes = [...this.nextHashes];
    this.nextHashes.clear();
    this.nextAnswer = undefined;
    const isRevoked = await this.breaker.run(() =>
      Promise.all(hashes.map((hash) => this.redis.exists(KEY_PREFIX + hash))),
    );
    return new Set(hashes.filter((_, index) => isRevoked[index] === 1));
  }

  /** Adds tokens, each until it expires. Never fails: MySQL has them already. */
  async add(tokens: readonly RevokedToken[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    const live = tokens.filter((token) => token.expiresAtMs > nowMs);
    if (live.length === 0) return;
    try {
      await this.breaker.run(() => this.write(live, nowMs));
    } catch (error) {
      this.logger.warn('Redis was not told of revoked tokens; they stop working when caches expire.', error);
    }
  }

  /**
   * Adds API keys by their hashes, for longer than any process remembers whom a key belongs to, also one that goes by
   * its memory since MySQL is away; after that MySQL refuses them. Never fails.
   */
  async addApiKeys(hashes: readonly string[]): Promise<void> {
    const { principalCacheMs, keyMemoryMs } = this.config;
    const expiresAtMs = this.clock.nowMs() + 2 * principalCacheMs + keyMemoryMs + MARGIN_MS;
    await this.add(hashes.map((hash) => ({ hash, expiresAtMs })));
  }

  private async write(tokens: readonly RevokedToken[], nowMs: number): Promise<void> {
    const pipeline = this.redis.pipeline();
    for (const token of tokens) pipeline.set(KEY_PREFIX + token.hash, '1', 'PX', token.expiresAtMs - nowMs);
    const results = await pipeline.exec();
    const failure = results?.find(([error]) => error !== null)?.[0];
    if (failure) throw failure;
  }
}
