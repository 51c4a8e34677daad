import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { FreeAgent } from './domain/assignment.js';

/** An agent as it stands in the database. */
export interface Agent {
  user_id: string;
  is_on_duty: number;
  capacity: number;
  active_chats: number;
  seen_at: Date;
  last_assigned_at: Date | null;
}

const COLUMNS = 'user_id, is_on_duty, capacity, active_chats, seen_at, last_assigned_at';
const CAN_BE_REACHED = 'is_on_duty = 1 AND seen_at >= UTC_TIMESTAMP(3) - INTERVAL ? * 1000 MICROSECOND';

/** The rows of `support_agents`. */
@Injectable()
export class AgentRepository {
  constructor(private readonly transactions: Transactions) {}

  async find(userId: string): Promise<Agent | undefined> {
    const rows: Agent[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM support_agents WHERE user_id = ?`,
      [userId],
    );
    return rows[0];
  }

  list(limit: number, afterUserId = ''): Promise<Agent[]> {
    return this.transactions.single.query(
      `SELECT ${COLUMNS} FROM support_agents WHERE user_id > ? ORDER BY user_id LIMIT ?`,
      [afterUserId, limit],
    );
  }

  /** Puts an agent on or off duty; without a capacity it stays what it was, or is `defaultCapacity`. */
  async setDuty(
    userId: string,
    isOnDuty: boolean,
    capacity: number | undefined,
    defaultCapacity: number,
  ): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO support_agents (user_id, is_on_duty, capacity, seen_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE is_on_duty = VALUES(is_on_duty), capacity = COALESCE(?, capacity),
                               seen_at = VALUES(seen_at)`,
      [userId, isOnDuty ? 1 : 0, capacity ?? defaultCapacity, capacity ?? null],
    );
  }

  async noteSeen(userId: string): Promise<void> {
    await this.transactions.single.query(
      'UPDATE support_agents SET seen_at = UTC_TIMESTAMP(3) WHERE user_id = ? AND is_on_duty = 1',
      [userId],
    );
  }

  /** Of the agents who can take a chat the least loaded one, but none of these. */
  async findFree(awayMs: number, except: readonly string[]): Promise<string | undefined> {
    const rows: { user_id: string }[] = await this.transactions.single.query(
      `SELECT user_id FROM support_agents
        WHERE ${CAN_BE_REACHED} AND active_chats < capacity AND user_id NOT IN (?)
        ORDER BY active_chats, last_assigned_at, user_id LIMIT 1`,
      [awayMs, except.length === 0 ? [''] : except],
    );
    return rows[0]?.user_id;
  }

  /** Agents who can take a chat, the least loaded first. */
  async listFree(awayMs: number, limit: number): Promise<FreeAgent[]> {
    const rows: Pick<Agent, 'user_id' | 'active_chats' | 'capacity'>[] = await this.transactions.single.query(
      `SELECT user_id, active_chats, capacity FROM support_agents
        WHERE ${CAN_BE_REACHED} AND active_chats < capacity
        ORDER BY active_chats, last_assigned_at, user_id LIMIT ?`,
      [awayMs, limit],
    );
    return rows.map((row) => ({
      userId: row.user_id,
      activeChats: row.active_chats,
      capacity: row.capacity,
    }));
  }

  /** How many chats those who can be reached may have at once, altogether. */
  async totalCapacity(awayMs: number): Promise<number> {
    const rows: { capacity: string | null }[] = await this.transactions.single.query(
      `SELECT SUM(capacity) AS capacity FROM support_agents WHERE ${CAN_BE_REACHED}`,
      [awayMs],
    );
    return Number(rows[0]?.capacity ?? 0);
  }

  /** Takes one of an agent's places. @returns false if there is none: off duty, away or full. */
  async takePlace(transaction: Transaction, userId: string, awayMs: number): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE support_agents SET active_chats = active_chats + 1, last_assigned_at = UTC_TIMESTAMP(3)
        WHERE user_id = ? AND ${CAN_BE_REACHED} AND active_chats < capacity`,
      [userId, awayMs],
    );
    return result.affectedRows === 1;
  }

  /**
   * Takes so many places of each of several agents.
   * @returns false if one of them has not as many: then the transaction must be rolled back.
   */
  async takePlaces(
    transaction: Transaction,
    places: ReadonlyMap<string, number>,
    awayMs: number,
  ): Promise<boolean> {
    if (places.size === 0) return true;
    // In one order, so that two who do so at once do not wait for each other crosswise.
    const agents = [...places.keys()].sort();
    const counts = agents.map((userId) => places.get(userId));
    const taken = 'CAST(ELT(FIELD(user_id, ?), ?) AS SIGNED)';
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE support_agents FORCE INDEX (PRIMARY)
          SET active_chats = active_chats + ${taken}, last_assigned_at = UTC_TIMESTAMP(3)
        WHERE user_id IN (?) AND ${CAN_BE_REACHED} AND active_chats + ${taken} <= capacity`,
      [agents, counts, agents, awayMs, agents, counts],
    );
    return result.affectedRows === agents.length;
  }

  async freePlace(transaction: Transaction, userId: string): Promise<void> {
    await transaction.query('UPDATE support_agents SET active_chats = active_chats - 1 WHERE user_id = ?', [
      userId,
    ]);
  }

  async delete(userId: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM support_agents WHERE user_id = ?', [userId]);
  }
}
