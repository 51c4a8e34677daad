import { Inject, Injectable, Logger } from '@nestjs/common';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { SAVE_SHARDS } from './domain/shards.js';
import { type Turn, turnSchema } from './domain/turn.js';
import { forgetScript } from './turn-scripts.js';
import { keysOf, memberOf, placeOfMember, shardKeys, type WaitingTurn } from './turn-keys.js';

/** The finished turns of each shard that wait in Redis to be saved, seen from the saver; `TurnStore` fills it. */
@Injectable()
export class SaveLine {
  private readonly logger = new Logger('SaveLine');

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
  ) {}

  /** The oldest finished turns of a shard. */
  async oldest(shard: number, count: number): Promise<WaitingTurn[]> {
    const { finished } = shardKeys(shard);
    return (await this.breaker.run(() => this.redis.lrange(finished, 0, count - 1))).map(placeOfMember);
  }

  /** How many bytes the turns at these places have; 0 where there is none (any more). */
  sizes(places: readonly WaitingTurn[]): Promise<number[]> {
    return this.breaker.run(() =>
      Promise.all(
        places.map(({ conversationId, turnId }) => this.redis.hstrlen(keysOf(conversationId).turns, turnId)),
      ),
    );
  }

  /** The turns at these places as texts; null where there is none (any more). */
  texts(places: readonly WaitingTurn[]): Promise<(string | null)[]> {
    return this.breaker.run(() =>
      Promise.all(
        places.map(({ conversationId, turnId }) => this.redis.hget(keysOf(conversationId).turns, turnId)),
      ),
    );
  }

  /** Undefined for a text that is not of a turn. */
  parse(text: string): Turn | undefined {
    try {
      return turnSchema.parse(JSON.parse(text));
    } catch (error) {
      this.logger.error('a turn in Redis cannot be read', { reason: String(error) });
      return undefined;
    }
  }

  /** Forgets turns of one shard that are in the database. Forgetting twice does no harm. */
  async forget(places: readonly WaitingTurn[]): Promise<void> {
    if (places.length === 0) return;
    const keys = places.map((place) => keysOf(place.conversationId));
    await this.breaker.run(() =>
      forgetScript.run(
        this.redis,
        [keys[0]?.finished ?? '', ...keys.flatMap(({ order, turns }) => [order, turns])],
        places.flatMap((place) => [memberOf(place), place.turnId]),
      ),
    );
  }

  /** Whether finished turns of a conversation wait in Redis. */
  async isWaiting(conversationId: string): Promise<boolean> {
    return (await this.breaker.run(() => this.redis.llen(keysOf(conversationId).order))) > 0;
  }

  /** How many finished turns wait in each shard. */
  waitingCounts(): Promise<number[]> {
    return this.breaker.run(() =>
      Promise.all(
        Array.from({ length: SAVE_SHARDS }, (_, shard) => this.redis.llen(shardKeys(shard).finished)),
      ),
    );
  }
}
