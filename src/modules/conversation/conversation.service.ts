import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { conversationNotFound } from './conversation.errors.js';
import { ConversationRepository, type ConversationRow } from './conversation.repository.js';
import { titleFrom } from './domain/turn.js';
import { SaveLine } from './save-line.js';
import { MessageReader, type ReadableMessage } from './message-reader.service.js';
import { type SavedTurn, TurnRepository } from './turn.repository.js';

/** Conversations and what is saved of their turns. */
@Injectable()
export class ConversationService {
  private readonly logger = new Logger('Conversations');

  constructor(
    private readonly repository: ConversationRepository,
    private readonly turns: TurnRepository,
    private readonly reader: MessageReader,
    private readonly line: SaveLine,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes an empty conversation; without a title it is named after `firstMessage`. With an `id` that exists nothing
   * is made.
   */
  async createConversation(
    ownerId: string,
    naming: { id?: string; title?: string; firstMessage?: string },
  ): Promise<ConversationRow> {
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

  /** Saved turns with ids above `afterId`, in the order of their ids. */
  listSavedTurns(afterId: string, limit: number): Promise<SavedTurn[]> {
    return this.turns.listSaved(afterId, limit);
  }

  /** Those of these turns that are neither saved nor erased with their conversation. */
  findUnknownTurns(turnIds: readonly string[]): Promise<string[]> {
    return this.turns.findUnknown(turnIds);
  }

  /** How many finished turns wait to be saved. @throws Redis's error if it is away. */
  async countWaitingTurns(): Promise<number> {
    return (await this.line.waitingCounts()).reduce((sum, count) => sum + count, 0);
  }
}
