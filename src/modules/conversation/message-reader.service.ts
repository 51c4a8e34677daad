import { Injectable, Logger } from '@nestjs/common';
import { serviceUnavailable } from '../../platform/errors/index.js';
import { ConversationRepository, type SavedMessage } from './conversation.repository.js';
import type { Turn } from './domain/turn.js';
import { TurnStore } from './turn.store.js';

export interface ReadableMessage extends SavedMessage {
  /** False while the message waits to be written to MySQL. */
  is_saved: boolean;
}

/** A page of messages in the order of their sequence numbers, and whether there are more on either side. */
export interface MessagePage {
  messages: ReadableMessage[];
  hasEarlier: boolean;
  hasLater: boolean;
}

/** Where a page lies: the latest messages, those before a sequence number, or those after one. */
export type PagePlace =
  | { kind: 'latest' }
  | { kind: 'before'; sequence: number }
  | { kind: 'after'; sequence: number };

/** Reads messages, saved or not: what has finished is there at once, in the place it will have when saved. */
@Injectable()
export class MessageReader {
  private readonly logger = new Logger('Messages');

  constructor(
    private readonly repository: ConversationRepository,
    private readonly store: TurnStore,
  ) {}

  /** A page of at most `limit` messages of a conversation. Who may read it has been checked before. */
  async readPage(conversationId: string, place: PagePlace, limit: number): Promise<MessagePage> {
    // Redis before MySQL: a turn that is saved in between is seen twice and dropped once, never missed.
    const waitingTurns = await this.waitingTurns(conversationId);
    const { lastSequence, savedIds } = await this.repository.savedState(
      conversationId,
      waitingTurns.map((turn) => turn.id),
    );
    const waiting = numberMessages(
      waitingTurns.filter((turn) => !savedIds.has(turn.id)),
      lastSequence,
    );
    const total = lastSequence + waiting.length;
    const first = place.kind === 'after' ? place.sequence + 1 : Math.max(1, endOf(place, total) - limit + 1);
    const last = place.kind === 'after' ? Math.min(total, place.sequence + limit) : endOf(place, total);
    const saved = await this.repository.readMessages(conversationId, {
      after: first - 1,
      before: Math.min(last, lastSequence) + 1,
      limit: Math.min(last, lastSequence) - first + 1,
      from: 'start',
    });
    const messages = [
      ...saved.map((message) => ({ ...message, is_saved: true })),
      ...waiting.filter((message) => message.sequence >= first && message.sequence <= last),
    ];
    return { messages, hasEarlier: first > 1 && total > 0, hasLater: last < total };
  }

  /**
   * The latest messages of a conversation, and the turns that run in it, the oldest first: what is asked in those is
   * not among the messages yet. Who may read it has been checked before.
   */
  async readLatest(conversationId: string, limit: number): Promise<MessagePage & { runningTurns: Turn[] }> {
    // Before the page: a turn that ends in between is seen twice and dropped once, never missed.
    const openTurns = await this.openTurns(conversationId);
    const page = await this.readPage(conversationId, { kind: 'latest' }, limit);
    const finishedIds = new Set(page.messages.map((message) => message.turn_id));
    const runningTurns = openTurns.filter((turn) => turn.status === 'running' && !finishedIds.has(turn.id));
    return { ...page, runningTurns: runningTurns.sort(byStart) };
  }

  /**
   * Those of these messages that the conversation has, saved or not, also in turns that still run.
   * @throws service_unavailable if Redis is away.
   */
  async findMessageIds(conversationId: string, ids: readonly string[]): Promise<Set<string>> {
    const openTurns = await this.store.openTurns(conversationId).catch((cause: unknown) => {
      throw serviceUnavailable({ cause, retryAfterSeconds: 1 });
    });
    const saved = await this.repository.findMessageIds(conversationId, ids);
    const open = new Set(openTurns.flatMap((turn) => turn.messages.map((message) => message.id)));
    return new Set(ids.filter((id) => open.has(id) || saved.has(id)));
  }

  private async openTurns(conversationId: string): Promise<Turn[]> {
    try {
      return await this.store.openTurns(conversationId);
    } catch (error) {
      this.logger.warn('reading without Redis: turns that run are not seen', {
        conversation_id: conversationId,
        reason: String(error),
      });
      return [];
    }
  }

  private async waitingTurns(conversationId: string): Promise<Turn[]> {
    try {
      return await this.store.finishedTurns(conversationId);
    } catch (error) {
      this.logger.warn('reading without Redis: messages that wait to be saved are not seen', {
        conversation_id: conversationId,
        reason: String(error),
      });
      return [];
    }
  }
}

function endOf(place: PagePlace, total: number): number {
  return place.kind === 'before' ? Math.min(total, place.sequence - 1) : total;
}

function numberMessages(turns: readonly Turn[], lastSequence: number): ReadableMessage[] {
  let sequence = lastSequence;
  return turns.flatMap((turn) =>
    turn.messages.map((message) => ({ ...message, turn_id: turn.id, sequence: ++sequence, is_saved: false })),
  );
}

function byStart(a: Turn, b: Turn): number {
  return a.started_at < b.started_at ? -1 : 1;
}
