import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Chat, ChatState, EndReason } from './domain/chat.js';

export const CHAT_COLUMNS =
  'id, number, user_id, agent_id, avoided_agent_id, state, end_reason, opened_at, assigned_at, last_activity_at, ' +
  'warned_at, ended_at, last_sequence, rating, rating_comment';

const RECENT_CHATS = 50;

/** Which chats to list, the newest first; those before `before` (a number) if given. */
export interface ChatSelection {
  userId?: string | undefined;
  agentId?: string | undefined;
  state?: ChatState | undefined;
  before?: string | undefined;
  limit: number;
}

/**
 * The rows of `support_chats`, one at a time. Each change is made only if the chat is in the state that it needs, and
 * says whether it was made.
 */
@Injectable()
export class ChatRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @throws a duplicate-key error if the user has an open chat. */
  async insert(id: string, userId: string): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO support_chats (id, user_id, open_user_id, state, opened_at, last_activity_at)
       VALUES (?, ?, ?, 'waiting', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [id, userId, userId],
    );
  }

  async find(id: string, transaction: Transaction = this.transactions.single): Promise<Chat | undefined> {
    const rows: Chat[] = await transaction.query(`SELECT ${CHAT_COLUMNS} FROM support_chats WHERE id = ?`, [
      id,
    ]);
    return rows[0];
  }

  async findOpenOf(userId: string): Promise<Chat | undefined> {
    const rows: Chat[] = await this.transactions.single.query(
      `SELECT ${CHAT_COLUMNS} FROM support_chats WHERE open_user_id = ?`,
      [userId],
    );
    return rows[0];
  }

  list({ userId, agentId, state, before, limit }: ChatSelection): Promise<Chat[]> {
    const conditions: [sql: string, value: string | undefined][] = [
      ['user_id = ?', userId],
      ['agent_id = ?', agentId],
      ['state = ?', state],
      ['number < ?', before],
    ];
    const used = conditions.filter(([, value]) => value !== undefined);
    const where = used.length === 0 ? '' : `WHERE ${used.map(([sql]) => sql).join(' AND ')}`;
    return this.transactions.single.query(
      `SELECT ${CHAT_COLUMNS} FROM support_chats ${where} ORDER BY number DESC LIMIT ?`,
      [...used.map(([, value]) => value), limit],
    );
  }

  /** Waiting chats in the order of the queue, those after a number. */
  nextWaiting(afterNumber: string, limit: number): Promise<Chat[]> {
    return this.transactions.single.query(
      `SELECT ${CHAT_COLUMNS} FROM support_chats WHERE state = 'waiting' AND number > ? ORDER BY number LIMIT ?`,
      [afterNumber, limit],
    );
  }

  /** How many chats wait, at the most those before a number if it is given. */
  async countWaiting(beforeNumber?: string): Promise<number> {
    const rows: { n: string }[] = await this.transactions.single.query(
      `SELECT COUNT(*) AS n FROM support_chats WHERE state = 'waiting' ${beforeNumber ? 'AND number < ?' : ''}`,
      beforeNumber ? [beforeNumber] : [],
    );
    return Number(rows[0]?.n ?? 0);
  }

  /** The mean time from assignment to end of the latest chats that agents had and that ended in the last day. */
  async meanHandlingMs(): Promise<number | undefined> {
    const rows: { mean: string | null }[] = await this.transactions.single.query(
      `SELECT AVG(TIMESTAMPDIFF(MICROSECOND, assigned_at, ended_at)) / 1000 AS mean FROM (
         SELECT assigned_at, ended_at FROM support_chats
          WHERE state = 'ended' AND ended_at > UTC_TIMESTAMP(3) - INTERVAL 1 DAY AND assigned_at IS NOT NULL
          ORDER BY ended_at DESC LIMIT ?) AS recent`,
      [RECENT_CHATS],
    );
    const mean = rows[0]?.mean ?? null;
    return mean === null ? undefined : Number(mean);
  }

  /** Gives a waiting chat to an agent. */
  claim(transaction: Transaction, id: string, agentId: string): Promise<boolean> {
    return change(
      transaction,
      `UPDATE support_chats SET state = 'active', agent_id = ?, assigned_at = UTC_TIMESTAMP(3),
              last_activity_at = UTC_TIMESTAMP(3), warned_at = NULL, last_sequence = last_sequence + 1
        WHERE id = ? AND state = 'waiting'`,
      [agentId, id],
    );
  }

  /** Gives a chat from one agent to another. */
  reassign(transaction: Transaction, id: string, fromAgentId: string, toAgentId: string): Promise<boolean> {
    return change(
      transaction,
      `UPDATE support_chats SET agent_id = ?, last_activity_at = UTC_TIMESTAMP(3), warned_at = NULL,
              last_sequence = last_sequence + 1
        WHERE id = ? AND state = 'active' AND agent_id = ?`,
      [toAgentId, id, fromAgentId],
    );
  }

  /** Puts a chat back to its old place in the queue. The agent will not get it again. */
  requeue(transaction: Transaction, id: string, agentId: string): Promise<boolean> {
    return change(
      transaction,
      `UPDATE support_chats SET state = 'waiting', agent_id = NULL, avoided_agent_id = ?, assigned_at = NULL,
              warned_at = NULL, last_sequence = last_sequence + 1
        WHERE id = ? AND state = 'active' AND agent_id = ?`,
      [agentId, id, agentId],
    );
  }

  end(transaction: Transaction, id: string, reason: EndReason): Promise<boolean> {
    return change(
      transaction,
      `UPDATE support_chats SET state = 'ended', end_reason = ?, ended_at = UTC_TIMESTAMP(3), open_user_id = NULL,
              last_sequence = last_sequence + 1
        WHERE id = ? AND state IN ('waiting', 'active')`,
      [reason, id],
    );
  }

  /** Makes room for a message of one of the two sides, if the chat is open and theirs. */
  noteMessage(
    transaction: Transaction,
    id: string,
    sender: { side: 'user' | 'agent'; id: string },
    maxMessages: number,
  ): Promise<boolean> {
    const isTheirs = sender.side === 'user' ? 'user_id = ?' : `agent_id = ?`;
    return change(
      transaction,
      `UPDATE support_chats SET last_sequence = last_sequence + 1, last_activity_at = UTC_TIMESTAMP(3), warned_at = NULL
        WHERE id = ? AND state IN ('waiting', 'active') AND ${isTheirs} AND last_sequence < ?`,
      [id, sender.id, maxMessages],
    );
  }

  rate(id: string, rating: number, comment: string | undefined): Promise<boolean> {
    return change(
      this.transactions.single,
      `UPDATE support_chats SET rating = ?, rating_comment = ?
        WHERE id = ? AND state IN ('ended', 'archived') AND rating IS NULL`,
      [rating, comment ?? null, id],
    );
  }
}

async function change(transaction: Transaction, sql: string, values: unknown[]): Promise<boolean> {
  const result: { affectedRows: number } = await transaction.query(sql, values);
  return result.affectedRows === 1;
}
