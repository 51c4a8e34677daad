import { Injectable, Logger } from '@nestjs/common';
import { isServerRefusal } from '../../platform/database/index.js';
import { Events } from '../../platform/events/index.js';
import { SAVE_SHARDS } from './domain/shards.js';
import type { Turn } from './domain/turn.js';
import { turnsSaved } from './events/turns-saved.event.js';
import { TurnRepository } from './turn.repository.js';
import { TurnStore, type WaitingTurn } from './turn.store.js';

/** How many turns are written in one transaction. */
const GROUP_SIZE = 100;
/** Up to how much; a group has at least one turn. MySQL's largest packet is 16 MB unless it is configured. */
const GROUP_BYTES = 4_000_000;

/** Writes the turns that wait to MySQL, each conversation's in the order in which they finished. */
@Injectable()
export class TurnSaver {
  private readonly logger = new Logger('Saves');

  constructor(
    private readonly store: TurnStore,
    private readonly repository: TurnRepository,
    private readonly events: Events,
  ) {}

  /**
   * Saves the turns of a shard until none waits or `signal` is aborted. May run twice at once: the database
   * refuses a turn's second copy.
   * @throws after all else is saved, if a turn could not be: it and the later turns of its conversation still wait.
   */
  async saveShard(shard: number, signal: AbortSignal): Promise<void> {
    const blocked = new Map<string, unknown>();
    // Always from the head of the line: an offset would jump over turns when another saver removes some before it.
    for (let reach = GROUP_SIZE; !signal.aborted;) {
      const waiting = await this.store.oldestWaiting(shard, reach);
      const next = waiting.filter(({ conversationId }) => !blocked.has(conversationId)).slice(0, GROUP_SIZE);
      if (next.length > 0) await this.saveGroup(next, blocked);
      else if (waiting.length === reach) reach *= 2;
      else break;
    }
    const [firstError] = blocked.values();
    if (firstError !== undefined) {
      throw new Error(`The turns of ${blocked.size} conversation(s) could not be saved.`, {
        cause: firstError,
      });
    }
  }

  /** Saves a turn at once, for when Redis cannot keep it. */
  async saveDirectly(turn: Turn): Promise<void> {
    await this.repository.saveTurns([turn]);
    this.logger.warn('degraded to direct save', { conversation_id: turn.conversation_id, turn_id: turn.id });
  }

  /** The shards in which turns wait. */
  async shardsWithWork(): Promise<number[]> {
    const counts = await this.store.waitingCounts();
    return Array.from({ length: SAVE_SHARDS }, (_, shard) => shard).filter(
      (shard) => (counts[shard] ?? 0) > 0,
    );
  }

  private async saveGroup(waiting: readonly WaitingTurn[], blocked: Map<string, unknown>): Promise<void> {
    const places = withinSize(waiting, await this.store.sizes(waiting));
    const turns = await this.store.read(places);
    const damaged = places.filter((_, index) => turns[index] === undefined);
    const group = turns.filter((turn) => turn !== undefined);
    const startedAt = performance.now();
    try {
      await this.repository.saveTurns(group);
      this.events.emit(turnsSaved, { turnIds: group.map(({ id }) => id) });
      await this.store.forget(group.map(placeOf));
      await this.store.setAside(damaged);
      this.logger.log('turns saved', {
        turns: group.length,
        duration_ms: Math.round(performance.now() - startedAt),
      });
    } catch (error) {
      if (!isServerRefusal(error)) throw error;
      if (group.length === 1 && group[0]) blocked.set(group[0].conversation_id, error);
      else await this.saveOneByOne(group, blocked);
    }
  }

  /** One turn that cannot be saved must not hold up the conversations beside it. */
  private async saveOneByOne(turns: readonly Turn[], blocked: Map<string, unknown>): Promise<void> {
    for (const turn of turns) {
      if (blocked.has(turn.conversation_id)) continue;
      try {
        await this.repository.saveTurns([turn]);
        this.events.emit(turnsSaved, { turnIds: [turn.id] });
        await this.store.forget([placeOf(turn)]);
      } catch (error) {
        if (!isServerRefusal(error)) throw error;
        blocked.set(turn.conversation_id, error);
      }
    }
  }
}

function placeOf(turn: Turn): WaitingTurn {
  return { conversationId: turn.conversation_id, turnId: turn.id };
}

function withinSize(places: readonly WaitingTurn[], sizes: readonly number[]): WaitingTurn[] {
  let bytes = 0;
  const end = places.findIndex((_, index) => {
    bytes += sizes[index] ?? 0;
    return index > 0 && bytes > GROUP_BYTES;
  });
  return places.slice(0, end === -1 ? places.length : end);
}
