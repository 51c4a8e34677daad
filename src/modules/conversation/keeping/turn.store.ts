import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  DURABLE_REDIS,
  RedisBreaker,
  type RedisClient,
  type RedisScript,
} from '../../../platform/redis/index.js';
import { conversationConfig } from '../conversation.config.js';
import { type AnswerPiece, parsePiece } from '../domain/answer-piece.js';
import { type Turn, turnSchema } from '../domain/turn.js';
import type { FinishResult, KeptState, TurnPlace } from './kept-turn.js';
import { chunksKey, keysOf, memberOf, placeOfMember, shardKeys, type WaitingTurn } from './turn-keys.js';
import * as scripts from './turn-scripts.js';

/** How many may stand in the line of one conversation, the running turn among them. */
const LINE_LIMIT = 20;
/** Longer than any turn may take. */
const LINE_TTL_MS = 2 * 3_600_000;
/** How long the pieces of an answer can be read after its end. */
const CHUNKS_TTL_MS = 10 * 60_000;

/** A running turn whose process gave no sign of life, with the answer as far as it was noted. */
export interface AbandonedTurn {
  readonly turn: Turn;
  readonly pieces: readonly AnswerPiece[];
  readonly place: TurnPlace;
}

/** How a turn stands in its conversation's line: `go` is the first, `next` the one after it. */
export type LineState = 'go' | 'next' | 'wait' | 'busy';

/** A turn as it stands: running or finished, and the pieces of its answer from the one that was asked for. */
export interface TurnView {
  readonly turn: Turn;
  readonly pieces: readonly AnswerPiece[];
}

/**
 * The turns that are running, and those that are finished but not yet saved, in the durable Redis. One
 * conversation's keys and its shard's are in one slot of a Redis Cluster, so that each step is atomic:
 *
 * - `turns:<conversation>`   hash: turn id → the turn; `<turn id>:stop`, `<turn id>:claimed` → flags
 * - `chunks:<conversation>:<turn>` list: the pieces of the answer so far; expires
 * - `line:<conversation>`    list: ids of turns in the order in which they may run; the first one runs
 * - `leases:<conversation>`  hash: turn id → until when one that is not yet accepted is waited for
 * - `order:<conversation>`   list: ids of finished turns, in the order in which they are to be saved
 * - `finished`               list: `<conversation>:<turn>` of the shard, oldest first
 * - `running`                sorted set: `<conversation>:<turn>` by the time at which its process is given up
 *
 * Every method throws RedisAwayError, within the breaker's limit, if Redis is away.
 */
@Injectable()
export class TurnStore implements TurnPlace {
  private readonly logger = new Logger('TurnStore');

  constructor(
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    @Inject(conversationConfig.token) private readonly config: ConfigOf<typeof conversationConfig>,
  ) {}

  /** Returns if Redis answers. */
  async ping(): Promise<void> {
    await this.breaker.run(() => this.redis.ping());
  }

  /** Stands in line, or tells how it stands there: `go` for the first, `next` for the one after it, `busy` if the line is full. */
  async enter(conversationId: string, turnId: string, lineLimit = LINE_LIMIT): Promise<LineState> {
    const { line, leases, running } = keysOf(conversationId);
    const args = [conversationId, turnId, this.config.turnLeaseMs, lineLimit, LINE_TTL_MS];
    return (await this.run(scripts.enterScript, [line, leases, running], args)) as LineState;
  }

  /** Leaves the line without having been accepted. */
  async leave(place: WaitingTurn): Promise<void> {
    const { line, leases, running } = keysOf(place.conversationId);
    await this.run(scripts.leaveScript, [line, leases, running], [memberOf(place), place.turnId]);
  }

  /** Notes a turn before its first byte is sent: `full` if too many wait to be saved, `exists` if it is noted. */
  async start(turn: Turn): Promise<'started' | 'full' | 'exists'> {
    const keys = keysOf(turn.conversation_id);
    return (await this.run(
      scripts.startScript,
      [keys.turns, keys.finished, keys.running, keys.line],
      [
        memberOf(placeOf(turn)),
        turn.id,
        JSON.stringify(turn),
        this.config.turnLeaseMs,
        this.config.saveBacklogLimit,
        LINE_TTL_MS,
      ],
    )) as 'started' | 'full' | 'exists';
  }

  async note(turn: Turn, from: number, pieces: readonly string[]): Promise<KeptState> {
    const keys = keysOf(turn.conversation_id);
    return (await this.run(
      scripts.noteScript,
      [keys.turns, keys.running, chunksKey(turn.conversation_id, turn.id)],
      [memberOf(placeOf(turn)), turn.id, this.config.turnLeaseMs, from, LINE_TTL_MS, ...pieces],
    )) as KeptState;
  }

  /**
   * Ends a running turn: from now on it can be read and waits to be saved. Of several that try, one gets `done` or
   * `joined`; the others get `ended` while it waits, and `unknown` once it is saved. That is also the answer if Redis
   * has lost the turn.
   */
  async finish(turn: Turn): Promise<FinishResult> {
    const keys = keysOf(turn.conversation_id);
    return (await this.run(
      scripts.finishScript,
      [
        keys.turns,
        keys.order,
        keys.finished,
        keys.running,
        keys.line,
        keys.leases,
        chunksKey(turn.conversation_id, turn.id),
      ],
      [memberOf(placeOf(turn)), turn.id, JSON.stringify(turn), CHUNKS_TTL_MS],
    )) as FinishResult;
  }

  /** Forgets a running turn that is kept elsewhere. */
  async discard(place: WaitingTurn): Promise<void> {
    const keys = keysOf(place.conversationId);
    await this.breaker.run(() =>
      this.redis
        .multi()
        .zrem(keys.running, memberOf(place))
        .hdel(keys.turns, place.turnId, `${place.turnId}:claimed`, `${place.turnId}:stop`)
        .lrem(keys.line, 0, place.turnId)
        .hdel(keys.leases, place.turnId)
        .exec(),
    );
  }

  /** Asks the process that runs a turn to end it. Returns false if it does not run. */
  async requestStop({ conversationId, turnId }: WaitingTurn): Promise<boolean> {
    const { turns, running } = keysOf(conversationId);
    const member = memberOf({ conversationId, turnId });
    return (await this.run(scripts.stopScript, [turns, running], [member, turnId])) === 1;
  }

  /** The running turn of a conversation. */
  async findRunning(conversationId: string): Promise<Turn | undefined> {
    const { turns, running, line } = keysOf(conversationId);
    const json = await this.run(scripts.runningScript, [turns, running, line], [conversationId]);
    return this.parse(json as string | null);
  }

  /** A turn that runs or waits to be saved, with the pieces of its answer from number `from` on. */
  async view({ conversationId, turnId }: WaitingTurn, from: number): Promise<TurnView | undefined> {
    const results = await this.breaker.run(() =>
      this.redis
        .multi()
        .hget(keysOf(conversationId).turns, turnId)
        .lrange(chunksKey(conversationId, turnId), from, -1)
        .exec(),
    );
    const turn = this.parse(results?.[0]?.[1] as string | null);
    return turn && { turn, pieces: ((results?.[1]?.[1] ?? []) as string[]).map(parsePiece) };
  }

  /** The pieces that are left of an answer, from number `from` on: none some minutes after its end. */
  async pieces({ conversationId, turnId }: WaitingTurn, from: number): Promise<AnswerPiece[]> {
    const texts = await this.breaker.run(() =>
      this.redis.lrange(chunksKey(conversationId, turnId), from, -1),
    );
    return texts.map(parsePiece);
  }

  /** The finished turns of a conversation that still wait, in the order in which they will be saved. */
  async finishedTurns(conversationId: string): Promise<Turn[]> {
    const keys = keysOf(conversationId);
    const ids = await this.breaker.run(() => this.redis.lrange(keys.order, 0, -1));
    if (ids.length === 0) return [];
    const texts = await this.breaker.run(() => this.redis.hmget(keys.turns, ...ids));
    return texts.flatMap((text) => this.parse(text) ?? []);
  }

  /**
   * The running turns of a shard whose processes gave no sign of life for the time of the lease. They are the
   * caller's to end for as long again: neither their own processes nor another sweep can touch them.
   */
  async claimAbandoned(shard: number, limit: number): Promise<AbandonedTurn[]> {
    const { running } = shardKeys(shard);
    const members = (await this.run(scripts.abandonedScript, [running], [limit])) as string[];
    const claimed = await Promise.all(members.map((member) => this.claim(running, placeOfMember(member))));
    return claimed.filter((turn) => turn !== undefined);
  }

  private async claim(running: string, place: WaitingTurn): Promise<AbandonedTurn | undefined> {
    const { conversationId, turnId } = place;
    const found = (await this.run(
      scripts.claimScript,
      [keysOf(conversationId).turns, running, chunksKey(conversationId, turnId)],
      [memberOf(place), turnId, this.config.turnLeaseMs],
    )) as [string | null, string[]] | null;
    if (found === null) return undefined;
    const turn = this.parse(found[0]);
    if (turn) return { turn, pieces: found[1].map(parsePiece), place: this };
    await this.discard(place);
    return undefined;
  }

  private run(script: RedisScript, keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.breaker.run(() => script.run(this.redis, keys, args));
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

export function placeOf(turn: Turn): WaitingTurn {
  return { conversationId: turn.conversation_id, turnId: turn.id };
}
