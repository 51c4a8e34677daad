import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { TurnMessage } from './domain/turn.js';
import { noteErased } from './turn.repository.js';

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

/** What is known of a conversation when it is made. */
interface NewConversation {
  id: string;
  ownerId: string;
  title: string;
  createdAt: Date;
}

const INSERT = 'INSERT INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES (?)';
const COLUMNS =
  'id, owner_id, title, message_count, total_tokens, last_sequence, created_at, last_activity_at';
const MESSAGE_COLUMNS = 'id, turn_id, sequence, role, content, extra, status, tokens, created_at';
const DELETE_BATCH = 2_000;

@Injectable()
export class ConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(conversation: NewConversation): Promise<void> {
    await this.transactions.single.query(INSERT, [insertedValues(conversation)]);
  }

  /** Like `insert`, but leaves a conversation that is there already as it is. */
  async insertIfMissing(conversation: NewConversation): Promise<void> {
    await this.transactions.single.query(`${INSERT} ON DUPLICATE KEY UPDATE id = id`, [
      insertedValues(conversation),
    ]);
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

  /**
   * Deletes a conversation: at once as seen from outside, since nothing is read but through its row; then its
   * messages and turns in batches, so that a long one locks nothing for long. Its id is noted, never to be used again.
   */
  async remove(ownerId: string, id: string): Promise<boolean> {
    const { single } = this.transactions;
    if (!(await this.removeRow(ownerId, id))) return false;
    let deleted: { affectedRows: number };
    do {
      deleted = await single.query(
        `DELETE FROM conversation_messages WHERE conversation_id = ? LIMIT ${DELETE_BATCH}`,
        [id],
      );
    } while (deleted.affectedRows === DELETE_BATCH);
    while ((await this.eraseTurns(id)) === DELETE_BATCH);
    return true;
  }

  private removeRow(ownerId: string, id: string): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(
        'DELETE FROM conversations WHERE id = ? AND owner_id = ?',
        [id, ownerId],
      );
      if (result.affectedRows !== 1) return false;
      await transaction.query('INSERT IGNORE INTO erased_conversations (id, erased_at) VALUES (?, ?)', [
        id,
        new Date(),
      ]);
      return true;
    });
  }

  /** Those of these conversations that have been deleted. */
  async findErased(ids: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM erased_conversations WHERE id IN (?)',
      [ids],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Those of these messages that are saved in the conversation. */
  async findMessageIds(conversationId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM conversation_messages WHERE id IN (?) AND conversation_id = ?',
      [ids, conversationId],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Deletes some turns and keeps their ids: they were charged, and are not lost. @returns how many. */
  private eraseTurns(conversationId: string): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const rows: { id: string }[] = await transaction.query(
        'SELECT id FROM turns WHERE conversation_id = ? LIMIT ? FOR UPDATE',
        [conversationId, DELETE_BATCH],
      );
      if (rows.length === 0) return 0;
      const ids = rows.map((row) => row.id);
      await noteErased(transaction, ids);
      await transaction.query('DELETE FROM turns WHERE id IN (?)', [ids]);
      return ids.length;
    });
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

function insertedValues({ id, ownerId, title, createdAt }: NewConversation): unknown[] {
  return [id, ownerId, title, createdAt, createdAt];
}
