import { Inject, Injectable, Logger } from '@nestjs/common';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../../platform/redis/index.js';
import { SAVE_SHARDS } from '../domain/shards.js';
import { type Turn, turnSchema } from '../domain/turn.js';
import { finishedAtScript, forgetScript, textsScript } from '../keeping/turn-scripts.js';
import {
  chunksKey,
  keysOf,
  memberOf,
  placeOfMember,
  shardKeys,
  type WaitingTurn,
} from '../keeping/turn-keys.js';

const shards = Array.from({ length: SAVE_SHARDS }, (_, shard) => shard);

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

  /**
   * The turns at the first of these places, all of one shard, as texts; null where there is none (any more). As many
   * as have `maxBytes` together, but at least one.
   */
  async texts(places: readonly WaitingTurn[], maxBytes: number): Promise<(string | null)[]> {
    const keys = places.map(({ conversationId }) => keysOf(conversationId).turns);
    const args = [maxBytes, ...places.map(({ turnId }) => turnId)];
    return (await this.breaker.run(() => textsScript.run(this.redis, keys, args))) as (string | null)[];
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

  /**
   * Forgets turns of a shard that are in the database. Forgetting twice does no harm.
   * @returns how many others wait in the shard.
   */
  async forget(shard: number, places: readonly WaitingTurn[]): Promise<number> {
    const keys = places.flatMap(({ conversationId }) => {
      const { order, turns } = keysOf(conversationId);
      return [order, turns];
    });
    const args = places.flatMap((place) => [memberOf(place), place.turnId]);
    return (await this.breaker.run(() =>
      forgetScript.run(this.redis, [shardKeys(shard).finished, ...keys], args),
    )) as number;
  }

  /** Erases what is left of the answers of turns, which could be read for some minutes more. */
  async erasePieces(places: readonly WaitingTurn[]): Promise<void> {
    if (places.length === 0) return;
    const keys = places.map(({ conversationId, turnId }) => chunksKey(conversationId, turnId));
    // One at a time: those of different shards are in different slots of a Redis Cluster.
    await this.breaker.run(() => Promise.all(keys.map((key) => this.redis.unlink(key))));
  }

  /** Whether finished turns of a conversation wait in Redis. */
  async isWaiting(conversationId: string): Promise<boolean> {
    return (await this.breaker.run(() => this.redis.llen(keysOf(conversationId).order))) > 0;
  }

  /** When the turn finished that has waited for the longest in Redis; undefined if none waits there. */
  async oldestFinishedAt(): Promise<Date | undefined> {
    const oldest = await this.breaker.run(() =>
      Promise.all(shards.map((shard) => this.redis.lindex(shardKeys(shard).finished, 0))),
    );
    const times = await this.breaker.run(() =>
      Promise.all(
        oldest
          .filter((member) => member !== null)
          .map(placeOfMember)
          .map(({ conversationId, turnId }) =>
            finishedAtScript.run(this.redis, [keysOf(conversationId).turns], [turnId]),
          ),
      ),
    );
    // All are written alike, so that they sort as texts.
    const first = times.filter((time) => typeof time === 'string').sort()[0];
    return first === undefined ? undefined : new Date(first);
  }

  /** How many finished turns wait in each shard. */
  waitingCounts(): Promise<number[]> {
    return this.breaker.run(() =>
      Promise.all(shards.map((shard) => this.redis.llen(shardKeys(shard).finished))),
    );
  }
}
