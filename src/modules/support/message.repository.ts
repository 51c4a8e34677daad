import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { type Message, type SystemEvent, systemTexts } from './domain/chat.js';

const COLUMNS = 'chat_id, sequence, sender, sender_id, client_message_id, event, content, created_at';

/** What somebody says. */
export interface NewMessage {
  chatId: string;
  sender: 'user' | 'agent';
  senderId: string;
  clientMessageId: string;
  content: string;
}

/** The rows of `support_messages`. A message has the sequence number that its chat has just counted up to. */
@Injectable()
export class MessageRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @throws a duplicate-key error if the sender has used the client message id in this chat. */
  async insert(transaction: Transaction, message: NewMessage): Promise<void> {
    await transaction.query(
      `INSERT INTO support_messages (${COLUMNS})
       SELECT id, last_sequence, ?, ?, ?, NULL, ?, UTC_TIMESTAMP(3) FROM support_chats WHERE id = ?`,
      [message.sender, message.senderId, message.clientMessageId, message.content, message.chatId],
    );
  }

  async insertSystem(transaction: Transaction, chatId: string, event: SystemEvent): Promise<void> {
    await transaction.query(
      `INSERT INTO support_messages (${COLUMNS})
       SELECT id, last_sequence, 'system', NULL, NULL, ?, ?, UTC_TIMESTAMP(3) FROM support_chats WHERE id = ?`,
      [event, systemTexts[event], chatId],
    );
  }

  async findByClientId(chatId: string, senderId: string, clientId: string): Promise<Message | undefined> {
    const rows: Message[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM support_messages WHERE chat_id = ? AND sender_id = ? AND client_message_id = ?`,
      [chatId, senderId, clientId],
    );
    return rows[0];
  }

  /** The message with a sequence number, in a transaction that has just stored it. */
  async findLatest(transaction: Transaction, chatId: string): Promise<Message> {
    const rows: Message[] = await transaction.query(
      `SELECT ${COLUMNS} FROM support_messages WHERE chat_id = ? ORDER BY sequence DESC LIMIT 1`,
      [chatId],
    );
    const [latest] = rows;
    if (!latest) throw new Error('A chat has none of the messages that were stored in it.');
    return latest;
  }

  /** In their order: the first `limit` after a sequence number. */
  listAfter(chatId: string, sequence: number, limit: number): Promise<Message[]> {
    return this.transactions.single.query(
      `SELECT ${COLUMNS} FROM support_messages WHERE chat_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
      [chatId, sequence, limit],
    );
  }

  /** In their order: the last `limit` before a sequence number. */
  async listBefore(chatId: string, sequence: number, limit: number): Promise<Message[]> {
    const rows: Message[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM support_messages WHERE chat_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
      [chatId, sequence, limit],
    );
    return rows.toReversed();
  }
}
