import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
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

const COLUMNS =
  'id, owner_id, title, message_count, total_tokens, last_sequence, created_at, last_activity_at';
const DELETE_BATCH = 2_000;

@Injectable()
export class ConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  async insert(conversation: { id: string; ownerId: string; title: string; createdAt: Date }): Promise<void> {
    await this.transactions.single.query(
      'INSERT IGNORE INTO conversations (id, owner_id, title, created_at, last_activity_at) VALUES (?)',
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
   * messages and turns in batches, so that a long one locks nothing for long.
   */
  async remove(ownerId: string, id: string): Promise<boolean> {
    const { single } = this.transactions;
    const result: { affectedRows: number } = await single.query(
      'DELETE FROM conversations WHERE id = ? AND owner_id = ?',
      [id, ownerId],
    );
    if (result.affectedRows !== 1) return false;
    let deleted: { affectedRows: number };
    do {
      deleted = await single.query(
        `DELETE FROM conversation_messages WHERE conversation_id = ? LIMIT ${DELETE_BATCH}`,
        [id],
      );
    } while (deleted.affectedRows === DELETE_BATCH);
    await single.query('DELETE FROM conversation_branches WHERE conversation_id = ?', [id]);
    while ((await this.eraseTurns(id)) === DELETE_BATCH);
    return true;
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
}
