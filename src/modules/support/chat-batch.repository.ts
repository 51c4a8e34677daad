import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { newId } from '../../shared/ids.js';
import { CHAT_COLUMNS } from './chat.repository.js';
import { type Chat, type Message, systemTexts } from './domain/chat.js';

/** Chats that a batch has changed, with what the system said in them. */
export interface ChangedChat {
  chat: Chat;
  message: Message;
}

const AGO = 'UTC_TIMESTAMP(3) - INTERVAL ? * 1000 MICROSECOND';
const IS_IDLE = `state = 'active' AND warned_at IS NULL AND last_activity_at <= ${AGO}`;
const IS_OVER = `state = 'active' AND warned_at <= ${AGO}`;
const IS_UNANSWERED = `state = 'waiting' AND opened_at <= ${AGO}`;

/**
 * Changes of many chats at once, for the periodic tasks. Chats that are due are found without locks; a batch then
 * changes those of them that are still due, and knows them by its id.
 */
@Injectable()
export class ChatBatchRepository {
  constructor(private readonly transactions: Transactions) {}

  findIdle(idleMs: number, limit: number): Promise<string[]> {
    return this.findIds(`${IS_IDLE} ORDER BY last_activity_at`, idleMs, limit);
  }

  findOver(warnedMs: number, limit: number): Promise<string[]> {
    return this.findIds(`${IS_OVER} ORDER BY warned_at`, warnedMs, limit);
  }

  findUnanswered(waitedMs: number, limit: number): Promise<string[]> {
    return this.findIds(`${IS_UNANSWERED} ORDER BY opened_at`, waitedMs, limit);
  }

  /** Warns in those of these chats that are still idle. */
  async warn(ids: readonly string[], idleMs: number): Promise<ChangedChat[]> {
    return this.transactions.run(async (transaction) => {
      const batchId = newId();
      await transaction.query(
        `UPDATE support_chats FORCE INDEX (PRIMARY)
            SET warned_at = UTC_TIMESTAMP(3), last_sequence = last_sequence + 1, batch_id = ?
          WHERE id IN (?) AND ${IS_IDLE}`,
        [batchId, ids, idleMs],
      );
      return this.speak(transaction, ids, batchId, 'warned');
    });
  }

  /** Ends those of these chats that are still idle after their warning. */
  endOver(ids: readonly string[], warnedMs: number): Promise<ChangedChat[]> {
    return this.end(ids, 'timeout', IS_OVER, warnedMs);
  }

  /** Ends those of these chats that still wait. */
  endUnanswered(ids: readonly string[], waitedMs: number): Promise<ChangedChat[]> {
    return this.end(ids, 'unanswered', IS_UNANSWERED, waitedMs);
  }

  private async findIds(condition: string, ms: number, limit: number): Promise<string[]> {
    const rows: { id: string }[] = await this.transactions.single.query(
      `SELECT id FROM support_chats WHERE ${condition} LIMIT ?`,
      [ms, limit],
    );
    return rows.map(({ id }) => id);
  }

  private end(
    ids: readonly string[],
    reason: 'timeout' | 'unanswered',
    isDue: string,
    ms: number,
  ): Promise<ChangedChat[]> {
    return this.transactions.run(async (transaction) => {
      const batchId = newId();
      await transaction.query(
        `UPDATE support_chats FORCE INDEX (PRIMARY)
            SET state = 'ended', end_reason = ?, ended_at = UTC_TIMESTAMP(3), open_user_id = NULL,
                last_sequence = last_sequence + 1, batch_id = ?
          WHERE id IN (?) AND ${isDue}`,
        [reason, batchId, ids, ms],
      );
      await transaction.query(
        `UPDATE support_agents a JOIN (
           SELECT agent_id, COUNT(*) AS chats FROM support_chats
            WHERE id IN (?) AND batch_id = ? AND agent_id IS NOT NULL GROUP BY agent_id
         ) AS ended ON ended.agent_id = a.user_id
            SET a.active_chats = a.active_chats - ended.chats`,
        [ids, batchId],
      );
      return this.speak(transaction, ids, batchId, 'ended');
    });
  }

  /** Has the system say something in the chats of a batch. */
  private async speak(
    transaction: Transaction,
    ids: readonly string[],
    batchId: string,
    event: 'warned' | 'ended',
  ): Promise<ChangedChat[]> {
    await transaction.query(
      `INSERT INTO support_messages (chat_id, sequence, sender, event, content, created_at)
       SELECT id, last_sequence, 'system', ?, ?, UTC_TIMESTAMP(3) FROM support_chats WHERE id IN (?) AND batch_id = ?`,
      [event, systemTexts[event], ids, batchId],
    );
    const chats: Chat[] = await transaction.query(
      `SELECT ${CHAT_COLUMNS} FROM support_chats WHERE id IN (?) AND batch_id = ?`,
      [ids, batchId],
    );
    return chats.map((chat) => ({
      chat,
      message: {
        chat_id: chat.id,
        sequence: chat.last_sequence,
        sender: 'system',
        sender_id: null,
        client_message_id: null,
        event,
        content: systemTexts[event],
        created_at: (event === 'warned' ? chat.warned_at : chat.ended_at) ?? chat.last_activity_at,
      },
    }));
  }
}
