import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import type { Transaction } from '../../platform/database/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { conversationConfig } from './conversation.config.js';
import { conversationNotFound, messageLimitReached } from './conversation.errors.js';
import { ConversationQuota } from './conversation-quota.js';
import { ConversationRepository, type ConversationRow } from './conversation.repository.js';
import { titleFrom } from './domain/turn.js';
import { SaveLine } from './saving/save-line.js';
import { MessageReader, type ReadableMessage } from './reading/message-reader.service.js';
import {
  MessageTextRepository,
  type OwnedMessage,
  type TextMessage,
} from './reading/message-text.repository.js';
import { type SavedTurn, TurnRepository } from './saving/turn.repository.js';

/** Conversations and what is saved of their turns. */
@Injectable()
export class ConversationService {
  private readonly logger = new Logger('Conversations');

  constructor(
    private readonly repository: ConversationRepository,
    private readonly turns: TurnRepository,
    private readonly texts: MessageTextRepository,
    private readonly reader: MessageReader,
    private readonly line: SaveLine,
    private readonly quota: ConversationQuota,
    private readonly clock: Clock,
    @Inject(conversationConfig.token) private readonly config: ConfigOf<typeof conversationConfig>,
  ) {}

  /**
   * Makes an empty conversation; without a title it is named after `firstMessage`. With an `id` that exists nothing
   * is made.
   * @throws conversation_limit_reached
   */
  async createConversation(
    ownerId: string,
    naming: { id?: string; title?: string; firstMessage?: string },
  ): Promise<ConversationRow> {
    await this.quota.take(ownerId);
    const createdAt = new Date(this.clock.nowMs());
    const conversation = {
      id: naming.id ?? newId(),
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

  /** Undefined also if it is somebody else's. */
  findConversation(ownerId: string, id: string): Promise<ConversationRow | undefined> {
    return this.repository.findOwned(ownerId, id);
  }

  /** Those of these conversations that have been deleted. Their ids are not to be used again. */
  findErasedConversations(ids: readonly string[]): Promise<Set<string>> {
    return this.repository.findErased(ids);
  }

  /** @throws conversation_not_found, also if it is somebody else's. */
  async getConversation(ownerId: string, id: string): Promise<ConversationRow> {
    const conversation = await this.findConversation(ownerId, id);
    if (!conversation) throw conversationNotFound({ param: 'conversation_id' });
    return conversation;
  }

  /**
   * Lets only those turns pass that continue a conversation of the owner's with room for more. Turns that are not saved
   * yet are not counted.
   * @throws conversation_not_found, message_limit_reached
   */
  async checkContinuable(ownerId: string, id: string): Promise<void> {
    const { last_sequence: messages } = await this.getConversation(ownerId, id);
    if (messages < this.config.maxMessages) return;
    throw messageLimitReached({ details: { limit: this.config.maxMessages }, param: 'conversation_id' });
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

  /** Takes back a conversation that was made for a turn which was then refused: nobody has heard of it. */
  async withdrawConversation(ownerId: string, id: string): Promise<void> {
    await this.repository.deleteEmpty(ownerId, id);
  }

  /** The last messages of a conversation, oldest first. Who may read it has been checked before. */
  async latestMessages(conversationId: string, limit: number): Promise<ReadableMessage[]> {
    return (await this.reader.readPage(conversationId, { kind: 'latest' }, limit)).messages;
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
    return (await this.line.waitingCounts()).reduce((sum, count) => sum + count, 0);
  }
}
