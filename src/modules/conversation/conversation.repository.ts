import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';

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

@Injectable()
export class ConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Makes a conversation; one that is there already is left as it is. */
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

  /** Those of these conversations that have been deleted. */
  async findErased(ids: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM erased_conversations WHERE id IN (?)',
      [ids],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** How many conversations a user has; looks at no more than `limit`. */
  async countUpTo(ownerId: string, limit: number): Promise<number> {
    const rows: { found: number | string }[] = await this.transactions.single.query(
      'SELECT COUNT(*) AS found FROM (SELECT 1 FROM conversations WHERE owner_id = ? LIMIT ?) counted',
      [ownerId, limit],
    );
    return Number(rows[0]?.found ?? 0);
  }

  async findOwned(ownerId: string, id: string): Promise<ConversationRow | undefined> {
    const rows: ConversationRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations WHERE id = ? AND owner_id = ?`,
      [id, ownerId],
    );
    return rows[0];
  }

  /** Whoever's it is. */
  async find(id: string): Promise<ConversationRow | undefined> {
    const rows: ConversationRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations WHERE id = ?`,
      [id],
    );
    return rows[0];
  }

  /** The conversation with this id, or that of the saved turn with it. */
  async findByAnyId(id: string): Promise<ConversationRow | undefined> {
    const rows: ConversationRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations
       WHERE id = ? OR id = (SELECT conversation_id FROM turns WHERE turns.id = ?) LIMIT 1`,
      [id, id],
    );
    return rows[0];
  }

  /** Of all owners, the newest made first; `beforeId` is where the page before ended. */
  async listAll(limit: number, beforeId: string | undefined): Promise<ConversationRow[]> {
    return this.transactions.single.query(
      `SELECT ${COLUMNS} FROM conversations ${beforeId === undefined ? '' : 'WHERE id < ?'}
       ORDER BY id DESC LIMIT ?`,
      [...(beforeId === undefined ? [] : [beforeId]), limit],
    );
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
}
