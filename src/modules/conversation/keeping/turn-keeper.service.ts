import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RedisAwayError, RedisBreaker } from '../../../platform/redis/index.js';
import { saveBacklogFull, turnInProgress, turnUnreachable } from '../conversation.errors.js';
import { shardOf } from '../domain/shards.js';
import type { Turn } from '../domain/turn.js';
import { type FinishResult, KeptTurn, type TurnPlace } from './kept-turn.js';
import { SaveWake } from '../saving/save-wake.js';
import { type AbandonedTurn, type LineState, placeOf, TurnStore, type TurnView } from './turn.store.js';
import type { WaitingTurn } from './turn-keys.js';
import { SavedTurnRepository } from '../reading/saved-turn.repository.js';
import { TurnRepository } from '../saving/turn.repository.js';
import { WaitingTurnRepository } from './waiting-turn.repository.js';

const BACKLOG_RETRY_SECONDS = 5;
/** Of more than these the sweep finds out by itself that they have ended. */
const MAX_REMEMBERED = 10_000;

/** No turn may run longer. */
const LONGEST_TURN_MS = 3_600_000;

type StartResult = 'started' | 'full' | 'busy' | 'exists';

/**
 * Keeps turns from their start until they are saved: in Redis, and in the database while Redis is away (degraded).
 * A turn stays where it started; its end goes where there is room.
 */
@Injectable()
export class TurnKeeper implements OnModuleInit {
  private readonly logger = new Logger('Turns');
  /** Turns that Redis still takes for running, since it was away at their end. */
  private readonly endedElsewhere = new Map<string, WaitingTurn>();
  /** When Redis last went away or came back, as far as this process has seen. */
  private awayAtMs = -Infinity;

  constructor(
    private readonly store: TurnStore,
    private readonly waiting: WaitingTurnRepository,
    private readonly turns: TurnRepository,
    private readonly saved: SavedTurnRepository,
    private readonly saveWake: SaveWake,
    private readonly breaker: RedisBreaker,
  ) {}

  onModuleInit(): void {
    this.breaker.onChange((isOpen) => {
      this.awayAtMs = performance.now();
      if (!isOpen) void this.discardEnded();
    });
  }

  /**
   * Stands in the line of a conversation for a turn that is to come, and keeps standing there for the time of a
   * lease: `go` for the first in the line, `next` for the one after it, `busy` if the line is longer than `limit`.
   */
  enter(place: WaitingTurn, ownerId: string, limit?: number): Promise<LineState> {
    return this.orDegraded<LineState>(
      async () => {
        const state = await this.store.enter(place.conversationId, place.turnId, limit);
        // One that began while Redis was away runs on where it began.
        if (state !== 'go' || !this.wasRedisAwayLately()) return state;
        return (await this.waiting.findRunning(place.conversationId)) ? 'wait' : 'go';
      },
      () => this.waiting.enter(place.conversationId, place.turnId, ownerId),
    );
  }

  /** Leaves the line without having been accepted. */
  async withdraw(place: WaitingTurn): Promise<void> {
    await this.orDegraded(
      () => this.store.leave(place),
      () => this.waiting.leave(place.turnId),
    );
  }

  /**
   * Makes a turn durable before its first byte is sent. Undefined if it is kept already.
   * @throws save_backlog_full, turn_in_progress
   */
  async start(turn: Turn): Promise<KeptTurn | undefined> {
    const [result, place] = await this.orDegraded<[StartResult, TurnPlace]>(
      async () => [await this.store.start(turn), this.store],
      async () => [await this.startDegraded(turn), this.waiting],
    );
    if (result === 'full') throw saveBacklogFull({ retryAfterSeconds: BACKLOG_RETRY_SECONDS });
    if (result === 'busy') throw turnInProgress({ retryAfterSeconds: 1, param: 'X-Conversation-Id' });
    return result === 'started' ? new KeptTurn(turn, place) : undefined;
  }

  /** Ends a turn: it can be read from now on, and will be saved by a worker. Returns once it is durable. */
  async finish(kept: KeptTurn, turn: Turn): Promise<void> {
    const result = await this.finishWhereKept(kept, turn);
    if (result === 'ended') this.logger.warn('a turn had ended before', { turn_id: turn.id });
    if (result === 'unknown' && (await this.isUnknown(turn.id))) {
      await this.waiting.keepFinished([turn]);
      this.logger.warn('degraded to direct save', {
        turn_id: turn.id,
        conversation_id: turn.conversation_id,
      });
    }
    this.wakeSaver(turn, result);
  }

  /** True if a turn is neither in the database, waiting there or saved, nor erased. */
  async isUnknown(turnId: string): Promise<boolean> {
    return (await this.turns.findUnknown([turnId])).length > 0;
  }

  /** Asks for the end of a running turn, whichever process runs it. Returns false if it does not run. */
  async requestStop(place: WaitingTurn): Promise<boolean> {
    const isRunning = await this.orDegraded(
      () => this.store.requestStop(place),
      () => Promise.resolve(false),
    );
    return isRunning || this.waiting.requestStop(place.turnId);
  }

  /** The running turn of a conversation, if there is one. */
  async findRunning(conversationId: string): Promise<Turn | undefined> {
    const running = await this.orDegraded(
      () => this.store.findRunning(conversationId),
      () => Promise.resolve(undefined),
    );
    return running ?? this.waiting.findRunning(conversationId);
  }

  /**
   * A turn that runs, or has finished, with the pieces of its answer that can still be had, from number `from` on.
   * @throws turn_unreachable if it may be in Redis, which is away.
   */
  async view(place: WaitingTurn, from: number): Promise<TurnView | undefined> {
    let away: unknown;
    const kept = await this.orDegraded(
      () => this.store.view(place, from),
      (error) => {
        away = error;
        return Promise.resolve(undefined);
      },
    );
    const view = kept ?? (await this.waiting.view(place.turnId, from)) ?? (await this.viewSaved(place, from));
    if (!view && away) throw turnUnreachable({ cause: away, retryAfterSeconds: 1 });
    return view;
  }

  /**
   * The finished turns of a conversation that wait to be saved, in the order in which they will be. Not all of them
   * while Redis is away, since those that wait there are not seen.
   */
  async finishedTurns(conversationId: string): Promise<{ turns: Turn[]; isAll: boolean }> {
    const inRedis = await this.orDegraded<Turn[] | undefined>(
      () => this.store.finishedTurns(conversationId),
      () => Promise.resolve(undefined),
    );
    const inDatabase = await this.waiting.finishedTurns(conversationId);
    return { turns: inSavingOrder(inRedis ?? [], inDatabase), isAll: inRedis !== undefined };
  }

  /** A turn that waits in the database and asked for the same, at most so long ago. */
  findRequest(ownerId: string, requestHash: string, ageMs: number): Promise<Turn | undefined> {
    return this.waiting.findRequest(ownerId, requestHash, Math.ceil(ageMs / 1_000));
  }

  /** Asks Redis itself. */
  isRedisThere(): Promise<boolean> {
    return this.orDegraded(
      async () => {
        await this.store.ping();
        return true;
      },
      () => Promise.resolve(false),
    );
  }

  /** Running turns of a shard of Redis whose processes are gone; the caller has the time of a lease to end them. */
  async claimAbandoned(shard: number, limit: number): Promise<AbandonedTurn[]> {
    const claimed = await this.store.claimAbandoned(shard, limit);
    const unknown = new Set(await this.turns.findUnknown(claimed.map(({ turn }) => turn.id)));
    const ended = claimed.filter(({ turn }) => !unknown.has(turn.id));
    await Promise.all(ended.map(({ turn }) => this.store.discard(placeOf(turn))));
    return claimed.filter(({ turn }) => unknown.has(turn.id));
  }

  /** The same for turns that are kept in the database. */
  claimAbandonedDegraded(limit: number): Promise<AbandonedTurn[]> {
    return this.waiting.claimAbandoned(limit);
  }

  /** Ends a turn whose process has died. Returns false, and does nothing, if another has ended it already. */
  async endAbandoned({ place }: AbandonedTurn, turn: Turn): Promise<boolean> {
    const result = await place.finish(turn);
    const isMine = result === 'done' || result === 'joined';
    if (isMine) this.wakeSaver(turn, result);
    return isMine;
  }

  private wakeSaver(turn: Turn, result: FinishResult): void {
    const shard = shardOf(turn.conversation_id);
    if (result === 'joined') this.saveWake.remind(shard);
    else this.saveWake.wake(shard);
  }

  private async viewSaved(place: WaitingTurn, from: number): Promise<TurnView | undefined> {
    const turn = await this.saved.findWhole(place.turnId);
    if (turn?.conversation_id !== place.conversationId) return undefined;
    const pieces = await this.orDegraded(
      () => this.store.pieces(place, from),
      () => Promise.resolve([]),
    );
    return { turn, pieces };
  }

  private async startDegraded(turn: Turn): Promise<StartResult> {
    const result = await this.waiting.start(turn);
    // Redis may have noted it though its answer never came.
    if (result === 'started') this.remember(turn);
    return result;
  }

  private async finishWhereKept(kept: KeptTurn, turn: Turn): Promise<FinishResult> {
    if (kept.place !== this.store) return kept.place.finish(turn);
    return this.orDegraded(
      () => this.store.finish(turn),
      () => {
        this.remember(turn);
        return Promise.resolve('unknown');
      },
    );
  }

  private wasRedisAwayLately(): boolean {
    return performance.now() - this.awayAtMs < LONGEST_TURN_MS;
  }

  private remember(turn: Turn): void {
    if (this.endedElsewhere.size < MAX_REMEMBERED) this.endedElsewhere.set(turn.id, placeOf(turn));
  }

  private async discardEnded(): Promise<void> {
    try {
      for (const [id, place] of this.endedElsewhere) {
        await this.store.discard(place);
        this.endedElsewhere.delete(id);
      }
    } catch (error) {
      this.logger.warn('Redis went away again', { reason: String(error) });
    }
  }

  private async orDegraded<T>(
    withRedis: () => Promise<T>,
    without: (away: unknown) => Promise<T>,
  ): Promise<T> {
    try {
      return await withRedis();
    } catch (error) {
      if (error instanceof RedisAwayError) return without(error);
      throw error;
    }
  }
}

/** As the saver brings together what waits in Redis and in the database. Those of one moment stay in their order. */
function inSavingOrder(inRedis: readonly Turn[], inDatabase: readonly Turn[]): Turn[] {
  if (inDatabase.length === 0) return [...inRedis];
  const all = new Map([...inDatabase, ...inRedis].map((turn) => [turn.id, turn]));
  return [...all.values()].sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
}
