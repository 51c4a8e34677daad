import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { ConversationRow } from '../conversation.repository.js';
import type { Turn } from '../domain/turn.js';

/** What is exported of a turn besides its messages, as Redis and MySQL both have it. */
export type TurnFacts = Pick<
  Turn,
  | 'id'
  | 'model'
  | 'status'
  | 'finish_reason'
  | 'prompt_tokens'
  | 'completion_tokens'
  | 'usage_source'
  | 'cost_micro_coins'
  | 'error_code'
  | 'started_at'
  | 'finished_at'
>;

interface TurnRow extends Omit<TurnFacts, 'cost_micro_coins' | 'started_at' | 'finished_at'> {
  /** A text only if it is too large for a number. */
  cost_micro_coins: string | number;
  started_at: Date;
  finished_at: Date;
}

/** What exports read: pages in orders that do not move meanwhile. */
@Injectable()
export class ExportRepository {
  constructor(private readonly transactions: Transactions) {}

  /** A user's conversations with ids above `afterId`, in the order of their ids, which is that of their making. */
  listConversations(ownerId: string, afterId: string, limit: number): Promise<ConversationRow[]> {
    return this.transactions.single.query(
      `SELECT id, owner_id, title, message_count, total_tokens, last_sequence, created_at, last_activity_at
         FROM conversations WHERE owner_id = ? AND id > ? ORDER BY id LIMIT ?`,
      [ownerId, afterId, limit],
    );
  }

  /** How many of the next saved messages fit into `maxBytes`; one at least if there is any. */
  async countThatFit(
    conversationId: string,
    afterSequence: number,
    limit: number,
    maxBytes: number,
  ): Promise<number> {
    const rows: { bytes: string | number }[] = await this.transactions.single.query(
      `SELECT LENGTH(content) + COALESCE(LENGTH(extra), 0) AS bytes FROM conversation_messages
        WHERE conversation_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
      [conversationId, afterSequence, limit],
    );
    let bytes = 0;
    const end = rows.findIndex((row) => (bytes += Number(row.bytes)) > maxBytes);
    return end === -1 ? rows.length : Math.max(end, 1);
  }

  /** Those of these turns that are saved. */
  async findTurns(ids: readonly string[]): Promise<Map<string, TurnFacts>> {
    if (ids.length === 0) return new Map();
    const rows: TurnRow[] = await this.transactions.single.query(
      `SELECT id, model, status, finish_reason, prompt_tokens, completion_tokens, usage_source, cost_micro_coins,
              error_code, started_at, finished_at
         FROM turns WHERE id IN (?)`,
      [ids],
    );
    return new Map(
      rows.map((row) => [
        row.id,
        {
          ...row,
          cost_micro_coins: String(row.cost_micro_coins),
          started_at: row.started_at.toISOString(),
          finished_at: row.finished_at.toISOString(),
        },
      ]),
    );
  }
}
