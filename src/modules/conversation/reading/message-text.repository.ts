import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';

/** What a user or a model said, in words. */
export interface TextMessage {
  id: string;
  conversation_id: string;
  owner_id: string;
  sequence: number;
  created_at: Date;
  /** At most the first 65,536 characters. */
  text: string;
}

/** A message as its owner finds it. */
export interface OwnedMessage {
  id: string;
  conversation_id: string;
  conversation_title: string;
  turn_id: string;
  role: string;
  created_at: Date;
  /** At most the first 65,536 characters. */
  text: string;
}

const MAX_TEXT_CHARACTERS = 65_536;

/** Reads saved messages for what is made of their texts, and notes for which turns that has been done. */
@Injectable()
export class MessageTextRepository {
  constructor(private readonly transactions: Transactions) {}

  async listOfTurns(turnIds: readonly string[]): Promise<TextMessage[]> {
    if (turnIds.length === 0) return [];
    return this.transactions.single.query(
      `SELECT m.id, m.conversation_id, c.owner_id, m.sequence, m.created_at, LEFT(m.content, ?) AS text
       FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.turn_id IN (?) AND m.role IN ('user', 'assistant') AND m.content <> ''`,
      [MAX_TEXT_CHARACTERS, turnIds],
    );
  }

  async listOwned(ownerId: string, messageIds: readonly string[]): Promise<OwnedMessage[]> {
    if (messageIds.length === 0) return [];
    return this.transactions.single.query(
      `SELECT m.id, m.conversation_id, c.title AS conversation_title, m.turn_id, m.role, m.created_at,
         LEFT(m.content, ?) AS text
       FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.id IN (?) AND c.owner_id = ?`,
      [MAX_TEXT_CHARACTERS, messageIds, ownerId],
    );
  }

  async textsOf(messageIds: readonly string[]): Promise<Map<string, string>> {
    if (messageIds.length === 0) return new Map();
    const rows: { id: string; text: string }[] = await this.transactions.single.query(
      `SELECT m.id, LEFT(m.content, ?) AS text
       FROM conversation_messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id IN (?)`,
      [MAX_TEXT_CHARACTERS, messageIds],
    );
    return new Map(rows.map((row) => [row.id, row.text]));
  }

  /** In the order of their ids, as everybody locks them. */
  async holdConversations(transaction: Transaction, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows: { id: string }[] = await transaction.query(
      'SELECT id FROM conversations WHERE id IN (?) ORDER BY id LOCK IN SHARE MODE',
      [[...ids].sort()],
    );
    return new Set(rows.map((row) => row.id));
  }

  async listUnindexed(savedBefore: Date, limit: number): Promise<string[]> {
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM turns WHERE is_indexed = 0 AND saved_at < ? ORDER BY saved_at LIMIT ?',
      [savedBefore, limit],
    );
    return rows.map((row) => row.id);
  }

  async markIndexed(turnIds: readonly string[]): Promise<void> {
    if (turnIds.length === 0) return;
    await this.transactions.run((transaction) =>
      transaction.query('UPDATE turns SET is_indexed = 1 WHERE id IN (?) AND is_indexed = 0', [turnIds]),
    );
  }
}
