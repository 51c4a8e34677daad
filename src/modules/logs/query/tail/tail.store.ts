import { Inject, Injectable } from '@nestjs/common';
import {
  DURABLE_REDIS,
  RedisBreaker,
  type RedisClient,
  RedisScript,
} from '../../../../platform/redis/index.js';

/** The open tails and their filters: members of a sorted set, by the time until which they count. */
const TAILS_KEY = 'logs:tails';
const streamKey = (tailId: string) => `logs:tail:${tailId}`;

/** A tail that is not renewed for so long is over: its process died. */
const LEASE_MS = 60_000;
/** Lines kept for a client that reads slowly; the oldest go first, and are counted. */
const MAX_KEPT = 500;

/** KEYS tails, stream; ARGV member, lease ms. Gives whether it was there; if not, its numbers begin again. */
const RENEW = new RedisScript(`
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local was = redis.call('ZSCORE', KEYS[1], ARGV[1])
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  if was and tonumber(was) > now then
    redis.call('PEXPIRE', KEYS[2], 2 * ARGV[2])
    return 1
  end
  redis.call('UNLINK', KEYS[2])
  return 0
`);

/** KEYS tails. Gives the members that count, and forgets the others. */
const LIST = new RedisScript(`
  local time = redis.call('TIME')
  redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, time[1] * 1000)
  return redis.call('ZRANGE', KEYS[1], 0, -1)
`);

/**
 * KEYS stream; ARGV max kept, lease ms, lines that matched and were left out, lines. The id of a line is its number in
 * the tail, counted from 1 with those left out: a reader sees by it how many it has missed.
 */
const APPEND = new RedisScript(`
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  local number = last and tonumber(string.match(last[1], '^%d+')) or 0
  for index = 4, #ARGV do
    number = number + 1
    redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], number .. '-1', 'line', ARGV[index])
  end
  local left = tonumber(ARGV[3])
  if left > 0 then redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], (number + left) .. '-1', 'left', left) end
  redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
`);

/** Lines as JSON with their numbers in the tail. */
export interface TailItem {
  /** Of this line, or of the last one that was left out here. */
  readonly number: number;
  readonly line: string | null;
}

/** What a reader and the writers share about a tail, in the durable Redis. @throws RedisAwayError from every method. */
@Injectable()
export class TailStore {
  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
  ) {}

  /**
   * Has the writers know of a tail for another while.
   * @returns false if they did not, so that lines may be missing and the numbers begin again.
   */
  async renew(tailId: string, member: string): Promise<boolean> {
    const reply = await this.breaker.run(() =>
      RENEW.run(this.redis, [TAILS_KEY, streamKey(tailId)], [member, LEASE_MS]),
    );
    return reply === 1;
  }

  /** The tails there are. */
  async list(): Promise<string[]> {
    return (await this.breaker.run(() => LIST.run(this.redis, [TAILS_KEY], []))) as string[];
  }

  /** Hands lines to a tail, and says how many more there were that it is not given. */
  async append(tailId: string, lines: readonly string[], leftOut: number): Promise<void> {
    await this.breaker.run(() =>
      APPEND.run(this.redis, [streamKey(tailId)], [MAX_KEPT, LEASE_MS, leftOut, ...lines]),
    );
  }

  /** What came after the line with this number, in its order; `count` items at the most. */
  async readAfter(tailId: string, number: number, count: number): Promise<TailItem[]> {
    const entries = await this.breaker.run(() =>
      this.redis.xrange(streamKey(tailId), `(${number}-1`, '+', 'COUNT', count),
    );
    return entries.map(([id, [field, value]]) => ({
      number: Number.parseInt(id, 10),
      line: field === 'line' ? (value ?? null) : null,
    }));
  }

  /** Has the writers forget a tail. */
  async remove(tailId: string, member: string): Promise<void> {
    await this.breaker.run(() => this.redis.multi().zrem(TAILS_KEY, member).unlink(streamKey(tailId)).exec());
  }
}
