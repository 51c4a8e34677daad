import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { TurnMessage } from './domain/turn.js';

export interface ConversationRow {
  id: string;
  owner_id: string;
  title: string;
  message_count: number;
  total_tokens: string;
  last_sequence: number;
  created_at: Date;
  last_activity_at: Date;
}

export interface SavedMessage extends TurnMessage {
  turn_id: string;
  sequence: number;
}

interface MessageRow extends Omit<SavedMessage, 'created_at' | 'extra'> {
  created_at: Date;
  extra: string | null;
}

/** A stretch of sequence numbers to read: the `limit` nearest to the open end. */
export interface SequenceRange {
  /** Exclusive bounds. */
  after: number;
  before: number;
  limit: number;
  from: 'start' | 'end';
}

const COLUMNS =
  'id, owner_id, title, message_count, total_tokens, last_sequence, created_at, last_activity_at';
const MESSAGE_COLUMNS = 'id, turn_id, sequence, role, content, extra, status, tokens, created_at';

@Injectable()
export class ConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(conversation: { id: string; ownerId: string; title: string; createdAt: Date }): Promise<void> {
    await this.transactions.single.query(
      'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES (?)',
      [
        [
          conversation.id,
          conversation.ownerId,
          conversation.title,
          conversation.createdAt,
          conversation.createdAt,
        ],
      ],
    );
  }

  /** Whether a user has so many conversations; looks at no more of them. */
  async hasAtLeast(ownerId: string, count: number): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      'SELECT 1 FROM conversations WHERE owner_id = ? LIMIT 1 OFFSET ?',
      [ownerId, count - 1],
    );
    return rows.length > 0;
  }

  async findOwned(ownerId: string, id: string): Promise<ConversationRow | undefined> {
    const rows: ConversationRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations WHERE id = ? AND owner_id = ?`,
      [id, ownerId],
    );
    return rows[0];
  }

  /** The latest active first; `position` is where the page before ended. */
  async listOwned(
    ownerId: string,
    limit: number,
    position: { lastActivityAt: Date; id: string } | undefined,
  ): Promise<ConversationRow[]> {
    // This form of the keyset condition is a range scan of the index; a row constructor is not.
    const after = position ? 'AND last_activity_at <= ? AND (last_activity_at < ? OR id < ?)' : '';
    const values = position ? [position.lastActivityAt, position.lastActivityAt, position.id] : [];
    return this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations WHERE owner_id = ? ${after}
       ORDER BY last_activity_at DESC, id DESC LIMIT ?`,
      [ownerId, ...values, limit],
    );
  }

  /** Returns false if the conversation is not there or not the owner's. */
  async rename(ownerId: string, id: string, title: string): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      'UPDATE conversations SET title = ? WHERE id = ? AND owner_id = ?',
      [title, id, ownerId],
    );
    return result.affectedRows === 1;
  }

  /** Deletes a conversation that nothing has been saved in. */
  async deleteEmpty(ownerId: string, id: string): Promise<void> {
    await this.transactions.single.query(
      'DELETE FROM conversations WHERE id = ? AND owner_id = ? AND last_sequence = 0',
      [id, ownerId],
    );
  }

  /**
   * The last sequence number of a conversation and which of these turns are saved, both of one moment: between
   * two statements a save could make the one true and the other false.
   */
  async savedState(
    id: string,
    turnIds: readonly string[],
  ): Promise<{ lastSequence: number; savedIds: Set<string> }> {
    const rows: { last_sequence: number; turn_id: string | null }[] = await this.transactions.single.query(
      `SELECT c.last_sequence, t.id AS turn_id FROM conversations c LEFT JOIN turns t ON t.id IN (?) WHERE c.id = ?`,
      [turnIds.length === 0 ? [''] : turnIds, id],
    );
    return {
      lastSequence: rows[0]?.last_sequence ?? 0,
      savedIds: new Set(rows.flatMap((row) => row.turn_id ?? [])),
    };
  }

  /** Messages in the order of their sequence numbers. */
  async readMessages(conversationId: string, range: SequenceRange): Promise<SavedMessage[]> {
    if (range.limit <= 0) return [];
    const direction = range.from === 'end' ? 'DESC' : 'ASC';
    const rows: MessageRow[] = await this.transactions.single.query(
      `SELECT ${MESSAGE_COLUMNS} FROM conversation_messages
       WHERE conversation_id = ? AND sequence > ? AND sequence < ? ORDER BY sequence ${direction} LIMIT ?`,
      [conversationId, range.after, range.before, range.limit],
    );
    if (range.from === 'end') rows.reverse();
    return rows.map((row) => ({
      ...row,
      extra: row.extra === null ? null : (JSON.parse(row.extra) as Record<string, unknown>),
      created_at: row.created_at.toISOString(),
    }));
  }
}
