import { Injectable, Logger } from '@nestjs/common';
import type { Transaction } from '../../platform/database/index.js';
import { JobQueue } from '../../platform/queue/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { conversationNotFound, saveBacklogFull } from './conversation.errors.js';
import { ConversationRepository, type ConversationRow } from './conversation.repository.js';
import { shardOf } from './domain/shards.js';
import { titleFrom, type Turn } from './domain/turn.js';
import { saveTurns } from './jobs/save-turns.job.js';
import { MessageReader, type ReadableMessage } from './message-reader.service.js';
import { MessageTextRepository, type OwnedMessage, type TextMessage } from './message-text.repository.js';
import { type SavedTurn, TurnRepository } from './turn.repository.js';
import { TurnSaver } from './turn-saver.service.js';
import { type AbandonedTurn, TurnStore } from './turn.store.js';

const BACKLOG_RETRY_SECONDS = 5;
/** A command that timed out may have been done; asking again tells, and keeps the turn in its place in the line. */
const FINISH_ATTEMPTS = 2;

/** Conversations and the life of their turns. */
@Injectable()
export class ConversationService {
  private readonly logger = new Logger('Conversations');

  constructor(
    private readonly repository: ConversationRepository,
    private readonly turns: TurnRepository,
    private readonly texts: MessageTextRepository,
    private readonly reader: MessageReader,
    private readonly store: TurnStore,
    private readonly saver: TurnSaver,
    private readonly jobs: JobQueue,
    private readonly clock: Clock,
  ) {}

  /** Makes an empty conversation; without a title it is named after `firstMessage`. */
  async createConversation(
    ownerId: string,
    naming: { title?: string; firstMessage?: string },
  ): Promise<ConversationRow> {
    const createdAt = new Date(this.clock.nowMs());
    const conversation = {
      id: newId(),
      ownerId,
      title: naming.title ?? titleFrom(naming.firstMessage ?? ''),
      createdAt,
    };
    await this.repository.insert(conversation);
    return {
      id: conversation.id,
      owner_id: ownerId,
      title: conversation.title,
      message_count: 0,
      total_tokens: '0',
      last_sequence: 0,
      created_at: createdAt,
      last_activity_at: createdAt,
    };
  }

  /** @throws conversation_not_found, also if it is somebody else's. */
  async getConversation(ownerId: string, id: string): Promise<ConversationRow> {
    const conversation = await this.repository.findOwned(ownerId, id);
    if (!conversation) throw conversationNotFound({ param: 'conversation_id' });
    return conversation;
  }

  /** The owner's conversations, the latest active first. */
  listConversations(
    ownerId: string,
    limit: number,
    position?: { lastActivityAt: Date; id: string },
  ): Promise<ConversationRow[]> {
    return this.repository.listOwned(ownerId, limit, position);
  }

  /** @throws conversation_not_found */
  async renameConversation(ownerId: string, id: string, title: string): Promise<ConversationRow> {
    await this.repository.rename(ownerId, id, title);
    return this.getConversation(ownerId, id);
  }

  /** Deletes a conversation with all that is in it, saved or not. @throws conversation_not_found */
  async deleteConversation(ownerId: string, id: string): Promise<void> {
    if (!(await this.repository.remove(ownerId, id)))
      throw conversationNotFound({ param: 'conversation_id' });
    this.logger.log('conversation deleted', { conversation_id: id });
  }

  /** The last messages of a conversation, oldest first. Who may read it has been checked before. */
  async latestMessages(conversationId: string, limit: number): Promise<ReadableMessage[]> {
    return (await this.reader.readPage(conversationId, { kind: 'latest' }, limit)).messages;
  }

  /**
   * Makes a turn durable before its first byte is sent.
   * @throws save_backlog_full, or Redis's error if it is away.
   */
  async startTurn(turn: Turn): Promise<void> {
    try {
      if (await this.store.start(turn)) return;
    } catch (error) {
      // If Redis is really away, a worker sweeps what it may have noted.
      await this.store.withdraw(turn).catch(() => undefined);
      throw error;
    }
    throw saveBacklogFull({ retryAfterSeconds: BACKLOG_RETRY_SECONDS });
  }

  /** Notes the answer so far. Returns false if the turn has been ended by somebody else. */
  checkpointTurn(conversationId: string, turnId: string, text: string): Promise<boolean> {
    return this.store.checkpoint(conversationId, turnId, text);
  }

  /**
   * Ends a turn: it can be read from now on, and will be saved by a worker. If Redis cannot keep it, it is
   * saved here and now. Returns once the turn is durable.
   */
  async finishTurn(turn: Turn): Promise<void> {
    if (await this.isWaiting(turn)) await this.wakeSaver(turn);
    else await this.saver.saveDirectly(turn);
  }

  /** True if Redis has the end of the turn: this one, or the one that another process has given it. */
  private async isWaiting(turn: Turn): Promise<boolean> {
    for (let attempt = 1; attempt <= FINISH_ATTEMPTS; attempt++) {
      try {
        const result = await this.store.finish(turn);
        if (result !== 'done') this.logger.warn('a turn had ended before', { turn_id: turn.id, result });
        return result !== 'unknown';
      } catch (error) {
        this.logger.warn('Redis did not take a finished turn', { turn_id: turn.id, reason: String(error) });
      }
    }
    return false;
  }

  /**
   * Ends a turn whose process has died. Returns false, and does nothing, if another has ended it already.
   * @throws Redis's error if it is away.
   */
  async endAbandonedTurn(turn: Turn): Promise<boolean> {
    const isMine = (await this.store.finish(turn)) === 'done';
    if (isMine) await this.wakeSaver(turn);
    return isMine;
  }

  /** Running turns of a shard whose processes are gone; the caller has the time of a lease to end them. */
  claimAbandonedTurns(shard: number, limit: number): Promise<AbandonedTurn[]> {
    return this.store.claimAbandoned(shard, limit);
  }

  /** Saved turns with ids above `afterId`, in the order of their ids. */
  listSavedTurns(afterId: string, limit: number): Promise<SavedTurn[]> {
    return this.turns.listSaved(afterId, limit);
  }

  /** Those of these turns that are neither saved nor erased with their conversation. */
  findUnknownTurns(turnIds: readonly string[]): Promise<string[]> {
    return this.turns.findUnknown(turnIds);
  }

  /** What users and models said in these saved turns, in words. Turns that are not there have no messages. */
  readTurnMessages(turnIds: readonly string[]): Promise<TextMessage[]> {
    return this.texts.listOfTurns(turnIds);
  }

  /** Those of these saved messages that are in a conversation of this owner, with the beginnings of their texts. */
  readOwnedMessages(ownerId: string, messageIds: readonly string[]): Promise<OwnedMessage[]> {
    return this.texts.listOwned(ownerId, messageIds);
  }

  /** The beginnings of the texts of those of these messages that there are. */
  readMessageTexts(messageIds: readonly string[]): Promise<Map<string, string>> {
    return this.texts.textsOf(messageIds);
  }

  /**
   * Keeps conversations from being deleted until the transaction ends.
   * @returns those that there are; the others have been deleted.
   */
  holdConversations(transaction: Transaction, ids: readonly string[]): Promise<Set<string>> {
    return this.texts.holdConversations(transaction, ids);
  }

  /** Turns that were saved before `savedBefore` and never told to `markTurnsIndexed`, the longest saved first. */
  listUnindexedTurns(savedBefore: Date, limit: number): Promise<string[]> {
    return this.texts.listUnindexed(savedBefore, limit);
  }

  /** Notes that the search has these turns. */
  async markTurnsIndexed(turnIds: readonly string[]): Promise<void> {
    await this.texts.markIndexed(turnIds);
  }

  /** How many finished turns wait to be saved. @throws Redis's error if it is away. */
  async countWaitingTurns(): Promise<number> {
    return (await this.store.waitingCounts()).reduce((sum, count) => sum + count, 0);
  }

  private async wakeSaver(turn: Turn): Promise<void> {
    try {
      await this.jobs.enqueue(saveTurns, { shard: shardOf(turn.conversation_id) });
    } catch (error) {
      // The turn is in line; the worker looks at every line by itself within seconds.
      this.logger.warn('the saver was not woken', { turn_id: turn.id, reason: String(error) });
    }
  }
}
