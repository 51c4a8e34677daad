import { Injectable } from '@nestjs/common';
import { afterPlace, type Transaction, Transactions } from '../../platform/database/index.js';
import { newId } from '../../shared/ids.js';
import { AgentRepository } from './agent.repository.js';
import { CHAT_COLUMNS } from './chat.repository.js';
import type { Assignment } from './domain/assignment.js';
import { type Chat, type Message, systemTexts } from './domain/chat.js';

/** Chats that a batch has changed, with what the system said in them. */
export interface ChangedChat {
  chat: Chat;
  message: Message;
}

/** A chat that is due, and where it stands in the order of those. */
export interface DueChat {
  readonly id: string;
  readonly place: readonly unknown[];
}

/** Rolls a transaction back: an agent who was found has no place any more. */
export class AgentTakenError extends Error {}

const CHANGED_AT = { assigned: 'assigned_at', warned: 'warned_at', ended: 'ended_at' } as const;
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
  constructor(
    private readonly transactions: Transactions,
    private readonly agents: AgentRepository,
  ) {}

  /** Chats in which nobody has written for so long, the longest first, those after a place in that order. */
  findIdle(idleMs: number, after: DueChat | undefined, limit: number): Promise<DueChat[]> {
    return this.findDue(IS_IDLE, ['last_activity_at'], idleMs, after, limit);
  }

  /** Chats whose warning was so long ago, likewise. */
  findOver(warnedMs: number, after: DueChat | undefined, limit: number): Promise<DueChat[]> {
    return this.findDue(IS_OVER, ['warned_at', 'last_activity_at'], warnedMs, after, limit);
  }

  /** Chats that have waited for so long, likewise. */
  findUnanswered(waitedMs: number, after: DueChat | undefined, limit: number): Promise<DueChat[]> {
    return this.findDue(IS_UNANSWERED, ['opened_at'], waitedMs, after, limit);
  }

  /**
   * Gives each of these chats that still waits to its agent.
   * @returns those that were given.
   * @throws AgentTakenError, and nothing is changed, if an agent has not as many places any more.
   */
  assign(assignments: readonly Assignment[], awayMs: number): Promise<ChangedChat[]> {
    const ordered = assignments.toSorted((a, b) => (a.chatId < b.chatId ? -1 : 1));
    const ids = ordered.map(({ chatId }) => chatId);
    return this.transactions.run(async (transaction) => {
      const batchId = newId();
      await transaction.query(
        `UPDATE support_chats FORCE INDEX (PRIMARY)
            SET state = 'active', agent_id = ELT(FIELD(id, ?), ?), assigned_at = UTC_TIMESTAMP(3),
                last_activity_at = UTC_TIMESTAMP(3), warned_at = NULL, last_sequence = last_sequence + 1,
                batch_id = ?
          WHERE id IN (?) AND state = 'waiting'`,
        [ids, ordered.map(({ agentId }) => agentId), batchId, ids],
      );
      const given = await this.speak(transaction, ids, batchId, 'assigned');
      const places = Map.groupBy(given, ({ chat }) => chat.agent_id ?? '');
      const counts = new Map([...places].map(([agentId, chats]) => [agentId, chats.length]));
      if (!(await this.agents.takePlaces(transaction, counts, awayMs))) throw new AgentTakenError();
      return given;
    });
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

  private async findDue(
    condition: string,
    order: readonly (keyof Chat)[],
    ms: number,
    after: DueChat | undefined,
    limit: number,
  ): Promise<DueChat[]> {
    const columns = [...order, 'id'];
    const beyond = afterPlace(columns, after && [...after.place, after.id]);
    const rows: Chat[] = await this.transactions.single.query(
      `SELECT ${columns.join(', ')} FROM support_chats
        WHERE ${condition} AND ${beyond.sql} ORDER BY ${columns.join(', ')} LIMIT ?`,
      [ms, ...beyond.values, limit],
    );
    return rows.map((row) => ({ id: row.id, place: order.map((column) => row[column]) }));
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
    event: 'assigned' | 'warned' | 'ended',
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
        created_at: chat[CHANGED_AT[event]] ?? chat.last_activity_at,
      },
    }));
  }
}
