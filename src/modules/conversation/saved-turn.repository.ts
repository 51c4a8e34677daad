import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { Turn, TurnMessage } from './domain/turn.js';

type TurnRow = Omit<
  Turn,
  'messages' | 'answer_id' | 'started_at' | 'finished_at' | 'input_price' | 'output_price'
> & {
  cost_micro_coins: string;
  started_at: Date;
  finished_at: Date;
};

type MessageRow = Omit<TurnMessage, 'created_at' | 'extra'> & { created_at: Date; extra: string | null };

const TURN_COLUMNS = `id, conversation_id, owner_id, status, model, finish_reason, prompt_tokens, completion_tokens,
  usage_source, cost_micro_coins, error_code, started_at, finished_at, request_hash`;

/** Reads turns that are saved. */
@Injectable()
export class SavedTurnRepository {
  constructor(private readonly transactions: Transactions) {}

  /** A saved turn with its messages. What it was to be charged is not kept: its prices are zero. */
  async find(turnId: string): Promise<Turn | undefined> {
    const { single } = this.transactions;
    const [rows, messages]: [TurnRow[], MessageRow[]] = await Promise.all([
      single.query(`SELECT ${TURN_COLUMNS} FROM turns WHERE id = ?`, [turnId]),
      single.query(
        `SELECT id, role, content, extra, status, tokens, created_at FROM conversation_messages
         WHERE turn_id = ? ORDER BY sequence`,
        [turnId],
      ),
    ]);
    const row = rows[0];
    if (!row) return undefined;
    return {
      ...row,
      cost_micro_coins: String(row.cost_micro_coins),
      answer_id: messages.findLast((message) => message.role === 'assistant')?.id ?? row.id,
      messages: messages.map((message) => ({
        ...message,
        extra: message.extra === null ? null : (JSON.parse(message.extra) as Record<string, unknown>),
        created_at: message.created_at.toISOString(),
      })),
      started_at: row.started_at.toISOString(),
      finished_at: row.finished_at.toISOString(),
      input_price: '0',
      output_price: '0',
    };
  }
}
