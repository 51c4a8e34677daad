import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import type { ConfigOf } from '../config/index.js';
import { counter, gauge } from '../metrics/index.js';
import { answerWithin } from './patience.js';
import { isRedisAway, mayBeMisled, RedisAwayError } from './redis-away.js';
import { DURABLE_REDIS, type RedisClient } from './redis-clients.js';
import { redisConfig } from './redis.config.js';

const PROBE_INTERVAL_MS = 500;
const GOOD_PROBES_TO_CLOSE = 2;
const PROBE_KEY = 'lockkeeper:probe';
const PROBE_KEY_TTL_MS = 60_000;

export const breakerMetricProviders = [
  gauge('lockkeeper_redis_breaker_open', 'Whether this process takes Redis for away (1) or not (0).', []),
  counter('lockkeeper_redis_breaker_changes_total', 'How often this process took Redis for away, or back.', [
    'to',
  ]),
];

/** Redis is taken for away. */
interface Outage {
  readonly cause: Error;
  readonly sinceMs: number;
  readonly probing: NodeJS.Timeout;
  goodProbes: number;
  isProbeUnderWay: boolean;
}

/**
 * Finds out, once for the whole process, that Redis is away (down, refusing, full, read-only, hanging), so that
 * nobody else has to wait to find out. From then on it looks by itself whether Redis is back.
 */
@Injectable()
export class RedisBreaker implements OnApplicationShutdown {
  private readonly logger = new Logger('Redis');
  private readonly listeners: ((isOpen: boolean) => void)[] = [];
  private outage: Outage | undefined;
  /** Counts changes, so that what began before one says nothing of the time after it. */
  private changes = 0;
  private isStopped = false;

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    @Inject(redisConfig.token) private readonly config: ConfigOf<typeof redisConfig>,
    @InjectMetric('lockkeeper_redis_breaker_open') private readonly openGauge: Gauge,
    @InjectMetric('lockkeeper_redis_breaker_changes_total') private readonly changeCounter: Counter,
  ) {
    this.openGauge.set(0);
    redis.on('error', (error) => this.open(error));
  }

  /** Whether Redis is taken for away. */
  get isOpen(): boolean {
    return this.outage !== undefined;
  }

  /**
   * Does something with Redis if it is there. The whole of `operation` must answer within
   * `LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS`, not counting the time in which this process itself was held up.
   * @throws RedisAwayError, at once while Redis is taken for away. An operation that had begun may have been carried
   *   out all the same, or may be later. Any other error of the operation is passed on and says nothing about Redis.
   * @param extraMs added to the limit, for an operation that sends so much that it takes time.
   */
  async run<T>(operation: () => Promise<T>, extraMs = 0): Promise<T> {
    if (this.outage) throw new RedisAwayError(this.outage.cause);
    const { changes } = this;
    try {
      return await answerWithin(this.config.commandTimeoutMs + extraMs, operation);
    } catch (error) {
      if (!isRedisAway(error)) throw error;
      if (changes === this.changes) this.open(error);
      throw error instanceof RedisAwayError ? error : new RedisAwayError(error);
    }
  }

  /** Calls `listener` at each change from now on. It must not throw. */
  onChange(listener: (isOpen: boolean) => void): void {
    this.listeners.push(listener);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearInterval(this.outage?.probing);
  }

  private open(cause: Error): void {
    if (this.outage || this.isStopped) return;
    const probing = setInterval(() => this.probe(), PROBE_INTERVAL_MS).unref();
    this.outage = { cause, sinceMs: performance.now(), probing, goodProbes: 0, isProbeUnderWay: false };
    this.logger.warn('degraded: Redis is away', { reason: cause.message });
    this.noteChange();
  }

  private close(outage: Outage): void {
    clearInterval(outage.probing);
    this.outage = undefined;
    this.logger.log('Redis is back', { away_ms: Math.round(performance.now() - outage.sinceMs) });
    this.noteChange();
  }

  private noteChange(): void {
    this.changes++;
    this.openGauge.set(this.isOpen ? 1 : 0);
    this.changeCounter.inc({ to: this.isOpen ? 'open' : 'closed' });
    for (const listener of this.listeners) listener(this.isOpen);
  }

  /** Writes, because a Redis that is full or read-only would answer a PING. */
  private probe(): void {
    const { outage } = this;
    if (!outage || outage.isProbeUnderWay) return;
    outage.isProbeUnderWay = true;
    const written = this.redis.set(PROBE_KEY, '1', 'PX', PROBE_KEY_TTL_MS);
    // Also a probe that nobody waits for any more is under way until its connection has given it up.
    written.then(
      () => (outage.isProbeUnderWay = false),
      (error: unknown) => {
        outage.isProbeUnderWay = false;
        if (mayBeMisled(error) && !this.isStopped) this.redis.disconnect(true);
      },
    );
    answerWithin(this.config.commandTimeoutMs, () => written).then(
      () => this.judge(outage, true),
      () => this.judge(outage, false),
    );
  }

  private judge(outage: Outage, isGood: boolean): void {
    if (this.outage !== outage || this.isStopped) return;
    outage.goodProbes = isGood ? outage.goodProbes + 1 : 0;
    if (outage.goodProbes >= GOOD_PROBES_TO_CLOSE) this.close(outage);
  }
}
