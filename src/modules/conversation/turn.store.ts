import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { DURABLE_REDIS, type RedisClient, RedisScript } from '../../platform/redis/index.js';
import { conversationConfig } from './conversation.config.js';
import { SAVE_SHARDS, shardOf } from './domain/shards.js';
import { type Turn, turnSchema } from './domain/turn.js';

/**
 * The turns that are running, and those that are finished but not yet saved, in the durable Redis. One
 * conversation's keys and its shard's are in one slot of a Redis Cluster, so that each step is atomic:
 *
 * - `turns:<conversation>`  hash: turn id → the turn; `<turn id>:partial` → the answer so far
 * - `order:<conversation>`  list: ids of finished turns, in the order in which they are to be saved
 * - `finished`              list: `<conversation>:<turn>` of the shard, oldest first
 * - `running`               sorted set: `<conversation>:<turn>` by the time at which its process is given up
 */
function keysOf(conversationId: string) {
  return { ...shardKeys(shardOf(conversationId)), ...conversationKeys(conversationId) };
}

function conversationKeys(conversationId: string) {
  const tag = shardTag(shardOf(conversationId));
  return { turns: `${tag}:turns:${conversationId}`, order: `${tag}:order:${conversationId}` };
}

function shardKeys(shard: number) {
  return { finished: `${shardTag(shard)}:finished`, running: `${shardTag(shard)}:running` };
}

function shardTag(shard: number): string {
  return `{lockkeeper-saves-${shard}}`;
}

function memberOf(conversationId: string, turnId: string): string {
  return `${conversationId}:${turnId}`;
}

const NOW_MS = `local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000);`;

const startScript = new RedisScript(`
  local turns, finished, running = KEYS[1], KEYS[2], KEYS[3]
  local member, id, json, lease, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
  if redis.call('LLEN', finished) >= limit then return 0 end
  ${NOW_MS}
  redis.call('HSET', turns, id, json)
  redis.call('ZADD', running, now + lease, member)
  return 1`);

const checkpointScript = new RedisScript(`
  local turns, running = KEYS[1], KEYS[2]
  local member, id, text, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
  if not redis.call('ZSCORE', running, member) or redis.call('HEXISTS', turns, id .. ':claimed') == 1 then return 0 end
  ${NOW_MS}
  redis.call('ZADD', running, now + lease, member)
  redis.call('HSET', turns, id .. ':partial', text)
  return 1`);

const finishScript = new RedisScript(`
  local turns, order, finished, running = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local member, id, json = ARGV[1], ARGV[2], ARGV[3]
  if redis.call('ZREM', running, member) == 0 then
    if redis.call('HEXISTS', turns, id) == 1 then return 'ended' end
    return 'unknown'
  end
  redis.call('HSET', turns, id, json)
  redis.call('HDEL', turns, id .. ':partial', id .. ':claimed')
  redis.call('RPUSH', order, id)
  redis.call('RPUSH', finished, member)
  return 'done'`);

const abandonedScript = new RedisScript(`
  ${NOW_MS}
  return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])`);

// Who claims a turn is the only one to end it for the time of a lease: from then on its own process cannot go on.
const claimScript = new RedisScript(`
  local turns, running = KEYS[1], KEYS[2]
  local member, id, lease = ARGV[1], ARGV[2], ARGV[3]
  local until_ms = redis.call('ZSCORE', running, member)
  ${NOW_MS}
  if not until_ms or tonumber(until_ms) > now then return false end
  redis.call('ZADD', running, now + lease, member)
  redis.call('HSET', turns, id .. ':claimed', '1')
  return redis.call('HMGET', turns, id, id .. ':partial')`);

/** A running turn whose process gave no sign of life, with the answer as far as it was noted. */
export interface AbandonedTurn {
  turn: Turn;
  partialText: string;
}

/** Where a finished turn waits. */
export interface WaitingTurn {
  conversationId: string;
  turnId: string;
}

@Injectable()
export class TurnStore {
  private readonly logger = new Logger('TurnStore');

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    @Inject(conversationConfig.token) private readonly config: ConfigOf<typeof conversationConfig>,
  ) {}

  /** Notes a turn before its first byte is sent. Returns false if too many finished turns wait already. */
  async start(turn: Turn): Promise<boolean> {
    const keys = keysOf(turn.conversation_id);
    const result = await startScript.run(
      this.redis,
      [keys.turns, keys.finished, keys.running],
      [
        memberOf(turn.conversation_id, turn.id),
        turn.id,
        JSON.stringify(turn),
        this.config.turnLeaseMs,
        this.config.saveBacklogLimit,
      ],
    );
    return result === 1;
  }

  /** Takes back a turn that was not accepted after all: Redis may have noted it though its answer never came. */
  async withdraw(turn: Turn): Promise<void> {
    const keys = keysOf(turn.conversation_id);
    await this.redis
      .multi()
      .zrem(keys.running, memberOf(turn.conversation_id, turn.id))
      .hdel(keys.turns, turn.id)
      .exec();
  }

  /** Notes the answer so far and that its process lives. Returns false if the turn is not running (any more). */
  async checkpoint(conversationId: string, turnId: string, text: string): Promise<boolean> {
    const keys = keysOf(conversationId);
    const result = await checkpointScript.run(
      this.redis,
      [keys.turns, keys.running],
      [memberOf(conversationId, turnId), turnId, text, this.config.turnLeaseMs],
    );
    return result === 1;
  }

  /**
   * Ends a running turn: from now on it can be read and waits to be saved. Of several that try, one gets `done`;
   * the others get `ended` while it waits, and `unknown` once it is saved. That is also the answer if Redis has
   * lost the turn.
   */
  async finish(turn: Turn): Promise<'done' | 'ended' | 'unknown'> {
    const keys = keysOf(turn.conversation_id);
    return (await finishScript.run(
      this.redis,
      [keys.turns, keys.order, keys.finished, keys.running],
      [memberOf(turn.conversation_id, turn.id), turn.id, JSON.stringify(turn)],
    )) as 'done' | 'ended' | 'unknown';
  }

  /** The finished turns of a conversation that still wait, in the order in which they will be saved. */
  async finishedTurns(conversationId: string): Promise<Turn[]> {
    const keys = conversationKeys(conversationId);
    const ids = await this.redis.lrange(keys.order, 0, -1);
    if (ids.length === 0) return [];
    const texts = await this.redis.hmget(keys.turns, ...ids);
    return texts.flatMap((text) => this.parse(text) ?? []);
  }

  /** All turns of a conversation that are here: those that run, and the finished ones that still wait. */
  async openTurns(conversationId: string): Promise<Turn[]> {
    const { turns } = conversationKeys(conversationId);
    // The fields beside the turns themselves, such as the answers so far, are named `<turn id>:…`.
    const ids = (await this.redis.hkeys(turns)).filter((field) => !field.includes(':'));
    if (ids.length === 0) return [];
    const texts = await this.redis.hmget(turns, ...ids);
    return texts.flatMap((text) => this.parse(text) ?? []);
  }

  /** The oldest finished turns of a shard. */
  async oldestWaiting(shard: number, count: number): Promise<WaitingTurn[]> {
    const members = await this.redis.lrange(shardKeys(shard).finished, 0, count - 1);
    return members.map((member) => {
      const [conversationId = '', turnId = ''] = member.split(':');
      return { conversationId, turnId };
    });
  }

  /** How many bytes the turns at these places have in Redis; 0 where there is none (any more). */
  sizes(waiting: readonly WaitingTurn[]): Promise<number[]> {
    return Promise.all(
      waiting.map(({ conversationId, turnId }) =>
        this.redis.hstrlen(conversationKeys(conversationId).turns, turnId),
      ),
    );
  }

  /** The turns at these places; undefined where there is none (any more) or it cannot be read. */
  async read(waiting: readonly WaitingTurn[]): Promise<(Turn | undefined)[]> {
    const texts = await Promise.all(
      waiting.map(({ conversationId, turnId }) =>
        this.redis.hget(conversationKeys(conversationId).turns, turnId),
      ),
    );
    return texts.map((text) => this.parse(text));
  }

  /** Forgets turns that are saved. Forgetting twice does no harm. */
  async forget(saved: readonly WaitingTurn[]): Promise<void> {
    await Promise.all(
      saved.map(({ conversationId, turnId }) => {
        const keys = keysOf(conversationId);
        return this.redis
          .multi()
          .lrem(keys.finished, 1, memberOf(conversationId, turnId))
          .lrem(keys.order, 1, turnId)
          .hdel(keys.turns, turnId)
          .exec();
      }),
    );
  }

  /** Takes turns that cannot be read out of the line, and leaves their text in the hash for an operator to see. */
  async setAside(unreadable: readonly WaitingTurn[]): Promise<void> {
    await Promise.all(
      unreadable.map(({ conversationId, turnId }) => {
        const keys = keysOf(conversationId);
        return this.redis
          .multi()
          .lrem(keys.finished, 1, memberOf(conversationId, turnId))
          .lrem(keys.order, 1, turnId)
          .exec();
      }),
    );
  }

  /** How many finished turns wait in each shard. */
  async waitingCounts(): Promise<number[]> {
    return Promise.all(
      Array.from({ length: SAVE_SHARDS }, (_, shard) => this.redis.llen(shardKeys(shard).finished)),
    );
  }

  /**
   * The running turns of a shard whose processes gave no sign of life for the time of the lease. They are the
   * caller's to end for as long again: neither their own processes nor another sweep can touch them.
   */
  async claimAbandoned(shard: number, limit: number): Promise<AbandonedTurn[]> {
    const { running } = shardKeys(shard);
    const members = (await abandonedScript.run(this.redis, [running], [limit])) as string[];
    const found = await Promise.all(
      members.map(async (member): Promise<AbandonedTurn | undefined> => {
        const [conversationId = '', turnId = ''] = member.split(':');
        const claimed = (await claimScript.run(
          this.redis,
          [conversationKeys(conversationId).turns, running],
          [member, turnId, this.config.turnLeaseMs],
        )) as [string | null, string | null] | null;
        if (claimed === null) return undefined;
        const turn = this.parse(claimed[0]);
        if (turn) return { turn, partialText: claimed[1] ?? '' };
        await this.redis.zrem(running, member);
        return undefined;
      }),
    );
    return found.filter((turn) => turn !== undefined);
  }

  private parse(text: string | null | undefined): Turn | undefined {
    if (text === null || text === undefined) return undefined;
    try {
      return turnSchema.parse(JSON.parse(text));
    } catch (error) {
      this.logger.error('a turn in Redis cannot be read', { reason: String(error) });
      return undefined;
    }
  }
}
