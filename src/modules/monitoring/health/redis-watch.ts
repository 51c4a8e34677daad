import { Inject, Injectable } from '@nestjs/common';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../../platform/redis/index.js';
import type { RedisCondition } from '../domain/findings.js';
import { Reading } from '../reading.js';

const PROBE_KEY = 'lockkeeper:health';
const PROBE_KEY_TTL_SECONDS = 60;
const READING_AGE_MS = 900;
const TIMEOUT_MS = 200;

/** Whether the durable Redis takes writes, and how it keeps them. */
@Injectable()
export class RedisWatch {
  /** Fails if Redis does not take a write in time. */
  readonly condition: Reading<RedisCondition>;

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
  ) {
    this.condition = new Reading(() => this.measure(), { maxAgeMs: READING_AGE_MS, timeoutMs: TIMEOUT_MS });
  }

  /** Whether Redis can be used: a late answer may be this process's own fault; the breaker can tell. */
  get isTakenForAway(): boolean {
    return this.breaker.isOpen;
  }

  /** A PING would also be answered by a Redis that is full or read-only, so a key is written. */
  private measure(): Promise<RedisCondition> {
    return this.breaker.run(async () => {
      const [, memory, persistence] = await Promise.all([
        this.redis.set(PROBE_KEY, Date.now(), 'EX', PROBE_KEY_TTL_SECONDS),
        this.redis.info('memory'),
        this.redis.info('persistence'),
      ]);
      return readCondition(`${memory}\n${persistence}`);
    });
  }
}

function readCondition(info: string): RedisCondition {
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const limitBytes = Number(field('maxmemory') ?? 0);
  return {
    usedMemoryBytes: Number(field('used_memory') ?? 0),
    memoryLimitBytes: limitBytes > 0 ? limitBytes : null,
    evictionPolicy: field('maxmemory_policy') ?? null,
    isAofOn: field('aof_enabled') === '1',
    isAofWritten: (field('aof_last_write_status') ?? 'ok') === 'ok',
  };
}
