import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { shardOf } from '../domain/shards.js';

export interface ParkedConversation {
  conversation_id: string;
  turn_id: string;
  error: string;
  parked_at: Date;
  waiting_turns: number | string;
}

const MAX_ERROR_LENGTH = 10_000;
const MAX_TURNS_LOOKED_AT = 16;

/** The conversations whose turns wait in the database to be saved, and those of them that are parked. */
@Injectable()
export class ParkedConversationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Parks a conversation behind a turn; one that is parked stays as it is. */
  async park(conversationId: string, turnId: string, error: string): Promise<void> {
    await this.transactions.single.query(
      `INSERT IGNORE INTO parked_conversations (conversation_id, shard, turn_id, error, parked_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))`,
      [conversationId, shardOf(conversationId), turnId, error.slice(0, MAX_ERROR_LENGTH)],
    );
  }

  /** When the first of the turns finished that wait here and may be saved, among those that began first. */
  async oldestFinishedAt(): Promise<Date | undefined> {
    const rows: { finished_at: string | null }[] = await this.transactions.single.query(
      `SELECT JSON_UNQUOTE(JSON_EXTRACT(t.turn, '$.finished_at')) AS finished_at FROM waiting_turns t JOIN (
         SELECT w.id FROM waiting_turns w
         LEFT JOIN parked_conversations p ON p.conversation_id = w.conversation_id
         WHERE w.state = 'finished' AND p.conversation_id IS NULL ORDER BY w.started_at LIMIT ?
       ) oldest ON oldest.id = t.id`,
      [MAX_TURNS_LOOKED_AT],
    );
    // All are written alike, so that they sort as texts.
    const first = rows.flatMap((row) => row.finished_at ?? []).sort()[0];
    return first === undefined ? undefined : new Date(first);
  }

  /** Those of these conversations whose turns wait in the database, so that later ones have to wait there too. */
  async findWaiting(conversationIds: readonly string[]): Promise<Set<string>> {
    if (conversationIds.length === 0) return new Set();
    const rows: { conversation_id: string }[] = await this.transactions.single.query(
      `SELECT conversation_id FROM waiting_turns WHERE conversation_id IN (?) AND state <> 'skipped'
       UNION SELECT conversation_id FROM parked_conversations WHERE conversation_id IN (?)`,
      [conversationIds, conversationIds],
    );
    return new Set(rows.map((row) => row.conversation_id));
  }

  /** Conversations of a shard with finished turns in the database that may be saved. */
  async listSavable(shard: number, afterId: string, limit: number): Promise<string[]> {
    const rows: { conversation_id: string }[] = await this.transactions.single.query(
      `SELECT DISTINCT w.conversation_id FROM waiting_turns w
       LEFT JOIN parked_conversations p ON p.conversation_id = w.conversation_id
       WHERE w.shard = ? AND w.state = 'finished' AND w.conversation_id > ? AND p.conversation_id IS NULL
       ORDER BY w.conversation_id LIMIT ?`,
      [shard, afterId, limit],
    );
    return rows.map((row) => row.conversation_id);
  }

  /** The shards in which turns in the database may be saved. */
  async shardsWithWork(): Promise<number[]> {
    const rows: { shard: number }[] = await this.transactions.single.query(
      `SELECT DISTINCT w.shard FROM waiting_turns w
       LEFT JOIN parked_conversations p ON p.conversation_id = w.conversation_id
       WHERE w.state = 'finished' AND p.conversation_id IS NULL`,
    );
    return rows.map((row) => row.shard);
  }

  /** The oldest turns of a conversation in the database, running ones too, up to `limit`: as texts, in order. */
  async oldestTurns(
    conversationId: string,
    limit: number,
  ): Promise<{ id: string; state: string; started_at: Date; turn: string | null }[]> {
    return this.transactions.single.query(
      `SELECT id, state, started_at, turn FROM waiting_turns
       WHERE conversation_id = ? AND state <> 'skipped' ORDER BY started_at, position LIMIT ?`,
      [conversationId, limit],
    );
  }

  /** Takes turns away that are saved. */
  async forget(turnIds: readonly string[]): Promise<void> {
    if (turnIds.length === 0) return;
    await this.transactions.single.query(`DELETE FROM waiting_turns WHERE id IN (?) AND state = 'finished'`, [
      turnIds,
    ]);
  }

  /** Parked conversations, the longest parked first, after the one that a page before ended with. */
  async list(
    limit: number,
    position: { parkedAt: Date; id: string } | undefined,
  ): Promise<ParkedConversation[]> {
    const after = position ? 'WHERE (p.parked_at, p.conversation_id) > (?, ?)' : '';
    return this.transactions.single.query(
      `SELECT p.conversation_id, p.turn_id, p.error, p.parked_at,
         (SELECT COUNT(*) FROM waiting_turns w WHERE w.conversation_id = p.conversation_id AND w.state = 'finished')
           AS waiting_turns
       FROM parked_conversations p ${after} ORDER BY p.parked_at, p.conversation_id LIMIT ?`,
      [...(position ? [position.parkedAt, position.id] : []), limit],
    );
  }

  /** How many finished turns of each shard wait in the database. */
  async waitingCounts(): Promise<Map<number, number>> {
    const rows: { shard: number; waiting: number | string }[] = await this.transactions.single.query(
      `SELECT shard, COUNT(*) AS waiting FROM waiting_turns WHERE state = 'finished' GROUP BY shard`,
    );
    return new Map(rows.map((row) => [row.shard, Number(row.waiting)]));
  }

  async count(): Promise<number> {
    const rows: { parked: number | string }[] = await this.transactions.single.query(
      'SELECT COUNT(*) AS parked FROM parked_conversations',
    );
    return Number(rows[0]?.parked ?? 0);
  }

  /** Lets a conversation's turns be saved again. Returns its shard; undefined if it is not parked. */
  release(conversationId: string): Promise<number | undefined> {
    return this.transactions.run((transaction) => this.take(transaction, conversationId));
  }

  /** Gives up the turn that a conversation is parked behind, keeps it as skipped, and lets the later ones go on. */
  skip(conversationId: string, reason: string): Promise<{ shard: number; turnId: string } | undefined> {
    return this.transactions.run(async (transaction) => {
      const rows: { turn_id: string }[] = await transaction.query(
        'SELECT turn_id FROM parked_conversations WHERE conversation_id = ? FOR UPDATE',
        [conversationId],
      );
      const turnId = rows[0]?.turn_id;
      const shard = await this.take(transaction, conversationId);
      if (turnId === undefined || shard === undefined) return undefined;
      await transaction.query(
        `UPDATE waiting_turns SET state = 'skipped', skip_reason = ? WHERE id = ? AND state = 'finished'`,
        [reason, turnId],
      );
      return { shard, turnId };
    });
  }

  private async take(transaction: Transaction, conversationId: string): Promise<number | undefined> {
    const rows: { shard: number }[] = await transaction.query(
      'SELECT shard FROM parked_conversations WHERE conversation_id = ? FOR UPDATE',
      [conversationId],
    );
    if (!rows[0]) return undefined;
    await transaction.query('DELETE FROM parked_conversations WHERE conversation_id = ?', [conversationId]);
    return rows[0].shard;
  }
}
