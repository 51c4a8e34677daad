import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { isDataRefusal } from '../../../platform/database/index.js';
import { withSpan } from '../../../platform/tracing/index.js';
import { Events } from '../../../platform/events/index.js';
import type { Turn } from '../domain/turn.js';
import { turnsSaved } from '../events/turns-saved.event.js';
import { ParkedConversationRepository } from './parked-conversation.repository.js';
import { SaveLine } from './save-line.js';
import { SaveMetrics } from './save-metrics.js';
import { SaveSlots } from './save-slots.js';
import { TurnRepository } from './turn.repository.js';
import { placeOf, TurnStore } from '../keeping/turn.store.js';
import type { WaitingTurn } from '../keeping/turn-keys.js';
import { WaitingTurnRepository } from '../keeping/waiting-turn.repository.js';

/** How many turns are written in one transaction. */
const GROUP_SIZE = 100;
/** Up to how much; a group has at least one turn. MySQL's largest packet is 16 MB unless it is configured. */
const GROUP_BYTES = 4_000_000;
/** A turn that the database refuses is tried again after these pauses, and then its conversation is parked. */
const RETRY_PAUSES_MS = [200, 400];

/** A finished turn as it came out of Redis; no turn if its text cannot be read. */
interface Taken {
  readonly place: WaitingTurn;
  readonly text: string;
  readonly turn: Turn | undefined;
}

/**
 * Writes the turns that wait to MySQL, each conversation's in order. May run twice at once: the database refuses a
 * turn's second copy.
 */
@Injectable()
export class TurnSaver {
  private readonly logger = new Logger('Saves');

  constructor(
    private readonly line: SaveLine,
    private readonly store: TurnStore,
    private readonly repository: TurnRepository,
    private readonly waiting: WaitingTurnRepository,
    private readonly parked: ParkedConversationRepository,
    private readonly slots: SaveSlots,
    private readonly events: Events,
    private readonly metrics: SaveMetrics,
  ) {}

  /** Saves the turns of a shard until none waits that may be saved, or `signal` is aborted. */
  saveShard(shard: number, signal: AbortSignal): Promise<void> {
    return this.slots.run(shard, signal, async () => {
      while (!signal.aborted && (await this.saveFromRedis(shard)));
      await this.saveFromDatabase(shard, signal);
    });
  }

  /** The shards in which turns wait that may be saved. */
  async shardsWithWork(): Promise<number[]> {
    const counts = await this.line.waitingCounts();
    const inRedis = counts.flatMap((count, shard) => (count > 0 ? [shard] : []));
    return [...new Set([...inRedis, ...(await this.parked.shardsWithWork())])];
  }

  /** One group. Returns false if none waits any more. */
  private async saveFromRedis(shard: number): Promise<boolean> {
    const oldest = await this.line.oldest(shard, GROUP_SIZE);
    if (oldest.length === 0) return false;
    const [texts, deferred] = await Promise.all([
      this.line.texts(oldest, GROUP_BYTES),
      this.parked.findWaiting([...new Set(oldest.map((place) => place.conversationId))]),
    ]);
    const places = oldest.slice(0, texts.length);
    const taken = places.flatMap((place, index): Taken[] => {
      const text = texts[index];
      return typeof text === 'string' ? [{ place, text, turn: this.line.parse(text) }] : [];
    });
    const ready = taken.filter(({ place }) => !deferred.has(place.conversationId));
    await this.deferTurns(taken.filter(({ place }) => deferred.has(place.conversationId)));
    await this.saveInOrder(ready);
    return (await this.line.forget(shard, places)) > 0;
  }

  private async saveInOrder(taken: readonly Taken[]): Promise<void> {
    const turns = taken.flatMap(({ turn }) => turn ?? []);
    if (turns.length === taken.length && (await this.trySave(turns)) === undefined) return;
    // One turn that cannot be saved must not hold up the conversations beside it.
    const parked = new Set<string>();
    for (const one of taken) {
      const { conversationId } = one.place;
      if (parked.has(conversationId)) {
        await this.deferTurns([one]);
        continue;
      }
      const error = one.turn ? await this.saveOne(one.turn) : new Error('The turn is damaged.');
      if (error === undefined) continue;
      await this.deferTurns([one]);
      await this.park(one.place, error);
      parked.add(conversationId);
    }
  }

  /** Turns in the database: behind those in Redis that are older, and behind a running one that is older. */
  private async saveFromDatabase(shard: number, signal: AbortSignal): Promise<void> {
    for (let afterId = ''; !signal.aborted;) {
      const conversationIds = await this.parked.listSavable(shard, afterId, GROUP_SIZE);
      for (const conversationId of conversationIds) {
        while (!signal.aborted && (await this.saveConversation(conversationId)));
      }
      if (conversationIds.length < GROUP_SIZE) return;
      afterId = conversationIds.at(-1) ?? '';
    }
  }

  /** Returns true if there may be more to save. */
  private async saveConversation(conversationId: string): Promise<boolean> {
    // In this order: an older turn in Redis is seen running, or finished, or has been saved.
    const rows = await this.parked.oldestTurns(conversationId, GROUP_SIZE);
    const running = await this.store.findRunning(conversationId);
    // Its end has woken the next save, which puts it in its place among these.
    if (await this.line.isWaiting(conversationId)) return false;
    for (const row of rows) {
      const isBehindRunning =
        running && new Date(running.started_at) < row.started_at && running.id !== row.id;
      if (row.state !== 'finished' || isBehindRunning) return false;
      const turn = row.turn === null ? undefined : this.line.parse(row.turn);
      const error = turn ? await this.saveOne(turn) : new Error('The turn is damaged.');
      if (error !== undefined) {
        await this.park({ conversationId, turnId: row.id }, error);
        return false;
      }
      await this.parked.forget([row.id]);
    }
    return rows.length === GROUP_SIZE;
  }

  /** Saves a turn. Returns why the database refuses it, after the last of three tries. */
  private async saveOne(turn: Turn): Promise<Error | undefined> {
    for (const [attempt, pauseMs] of [...RETRY_PAUSES_MS, undefined].entries()) {
      const error = await this.trySave([turn]);
      if (error === undefined) return undefined;
      if (pauseMs === undefined) return error;
      this.logger.warn(`requeued (retry ${attempt + 1}/${RETRY_PAUSES_MS.length + 1})`, {
        turn_id: turn.id,
        conversation_id: turn.conversation_id,
        reason: error.message,
      });
      await delay(pauseMs);
    }
    return undefined;
  }

  /** Returns why the database refuses these turns. @throws if it cannot be asked. */
  private async trySave(turns: readonly Turn[]): Promise<Error | undefined> {
    const startedAt = performance.now();
    try {
      const dropped = await withSpan(
        () => ({ name: 'save turns', kind: 'internal', attributes: { 'lockkeeper.turns': turns.length } }),
        () => this.repository.saveTurns(turns),
      );
      if (dropped.length > 0) await this.line.erasePieces(dropped.map(placeOf));
      const durationMs = performance.now() - startedAt;
      this.metrics.saved(turns, durationMs);
      if (turns.length > 0) {
        this.logger.log('turns saved', { turns: turns.length, duration_ms: Math.round(durationMs) });
      }
      this.events.emit(turnsSaved, { turnIds: turns.map(({ id }) => id) });
      return undefined;
    } catch (error) {
      if (!(error instanceof Error) || !isDataRefusal(error)) throw error;
      this.metrics.refused();
      return error;
    }
  }

  private async deferTurns(taken: readonly Taken[]): Promise<void> {
    for (const { place, text, turn } of taken) {
      if (turn) await this.waiting.keepFinished([turn]);
      else await this.waiting.keepUnreadable(place, text);
    }
  }

  private async park({ conversationId, turnId }: WaitingTurn, error: Error): Promise<void> {
    await this.parked.park(conversationId, turnId, error.message);
    this.logger.error('failed for good: the conversation is parked', error, {
      conversation_id: conversationId,
      turn_id: turnId,
    });
  }
}
