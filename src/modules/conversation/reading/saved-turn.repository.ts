import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { citationsIn } from '../domain/citation.js';
import type { Turn, TurnStatus } from '../domain/turn.js';

/** A saved turn without its messages. */
export interface TurnRow {
  id: string;
  status: TurnStatus;
  model: string;
  finish_reason: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  started_at: Date;
}

export interface TurnMessageRow {
  id: string;
  turn_id: string;
  sequence: number;
  role: string;
  content: string;
  extra: string | null;
}

type WholeTurnRow = Omit<
  Turn,
  | 'messages'
  | 'cost_micro_coins'
  | 'answer_id'
  | 'started_at'
  | 'finished_at'
  | 'input_price'
  | 'output_price'
  | 'fork'
> & {
  cost_micro_coins: string | number;
  started_at: Date;
  finished_at: Date;
};

type WholeMessageRow = Omit<Turn['messages'][number], 'created_at' | 'extra'> & {
  created_at: Date;
  extra: string | null;
};

/** Where a page of a list begins, and how it goes on. */
export interface ListRange<Position> {
  /** Exclusive. */
  after: Position | undefined;
  order: 'asc' | 'desc';
  limit: number;
}

const TURN_COLUMNS =
  't.id, t.status, t.model, t.finish_reason, t.prompt_tokens, t.completion_tokens, t.started_at';
const WHOLE_TURN_COLUMNS = `id, conversation_id, owner_id, status, model, finish_reason, prompt_tokens,
  completion_tokens, usage_source, cost_micro_coins, error_code, started_at, finished_at, request_hash`;
const MESSAGE_COLUMNS = 'id, turn_id, sequence, role, content, extra';
/** Turns that have come to an end as they should: the others have no answer, or a part of one. */
const ENDED_WELL = "t.status IN ('complete', 'stopped', 'violation')";

/** Reads saved turns of an owner. Those of a deleted conversation are not there, from the moment of its deletion. */
@Injectable()
export class SavedTurnRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Turns that ended well, in the order in which they began; of one model, if one is named. */
  listOwned(
    ownerId: string,
    model: string | undefined,
    { after, order, limit }: ListRange<{ startedAt: Date; id: string }>,
  ): Promise<TurnRow[]> {
    const direction = order === 'asc' ? 'ASC' : 'DESC';
    const beyond = order === 'asc' ? '>' : '<';
    // This form of the keyset condition is a range scan of the index; a row constructor is not.
    const position = after
      ? `AND t.started_at ${beyond}= ? AND (t.started_at ${beyond} ? OR t.id ${beyond} ?)`
      : '';
    return this.transactions.single.query(
      `SELECT ${TURN_COLUMNS} FROM turns t FORCE INDEX (idx_turns_owner_start)
         STRAIGHT_JOIN conversations c ON c.id = t.conversation_id
       WHERE t.owner_id = ? AND ${ENDED_WELL} ${position} ${model === undefined ? '' : 'AND t.model = ?'}
       ORDER BY t.started_at ${direction}, t.id ${direction} LIMIT ?`,
      [
        ownerId,
        ...(after ? [after.startedAt, after.startedAt, after.id] : []),
        ...(model === undefined ? [] : [model]),
        limit,
      ],
    );
  }

  /** A turn that ended well. */
  async findOwned(ownerId: string, id: string): Promise<TurnRow | undefined> {
    const rows: TurnRow[] = await this.transactions.single.query(
      `SELECT ${TURN_COLUMNS} FROM turns t JOIN conversations c ON c.id = t.conversation_id
       WHERE t.id = ? AND t.owner_id = ? AND ${ENDED_WELL}`,
      [id, ownerId],
    );
    return rows[0];
  }

  /** The answers of these turns. */
  async findAnswers(turnIds: readonly string[]): Promise<TurnMessageRow[]> {
    if (turnIds.length === 0) return [];
    return this.transactions.single.query(
      `SELECT ${MESSAGE_COLUMNS} FROM conversation_messages WHERE turn_id IN (?) AND role = 'assistant'`,
      [turnIds],
    );
  }

  /** What a turn was asked: its messages other than the answer, in their order. */
  listQuestions(
    turnId: string,
    { after, order, limit }: ListRange<{ sequence: number }>,
  ): Promise<TurnMessageRow[]> {
    const direction = order === 'asc' ? 'ASC' : 'DESC';
    const position = after ? `AND sequence ${order === 'asc' ? '>' : '<'} ?` : '';
    return this.transactions.single.query(
      `SELECT ${MESSAGE_COLUMNS} FROM conversation_messages
       WHERE turn_id = ? AND role <> 'assistant' ${position} ORDER BY sequence ${direction} LIMIT ?`,
      [turnId, ...(after ? [after.sequence] : []), limit],
    );
  }

  /** The place of a message of a turn. */
  async findSequence(turnId: string, messageId: string): Promise<number | undefined> {
    const rows: { sequence: number }[] = await this.transactions.single.query(
      'SELECT sequence FROM conversation_messages WHERE id = ? AND turn_id = ?',
      [messageId, turnId],
    );
    return rows[0]?.sequence;
  }

  /** A turn with its messages, whosever it is. What it was to be charged is not kept: its prices are zero. */
  async findWhole(turnId: string): Promise<Turn | undefined> {
    const { single } = this.transactions;
    const [rows, messages]: [WholeTurnRow[], WholeMessageRow[]] = await Promise.all([
      single.query(`SELECT ${WHOLE_TURN_COLUMNS} FROM turns WHERE id = ?`, [turnId]),
      single.query(
        `SELECT id, role, content, extra, status, tokens, created_at FROM conversation_messages
         WHERE turn_id = ? ORDER BY sequence`,
        [turnId],
      ),
    ]);
    const row = rows[0];
    if (!row) return undefined;
    const read = messages.map((message) => ({
      ...message,
      extra: message.extra === null ? null : (JSON.parse(message.extra) as Record<string, unknown>),
      created_at: message.created_at.toISOString(),
    }));
    const answer = read.findLast((message) => message.role === 'assistant');
    return {
      ...row,
      cost_micro_coins: String(row.cost_micro_coins),
      answer_id: answer?.id ?? row.id,
      messages: read,
      started_at: row.started_at.toISOString(),
      finished_at: row.finished_at.toISOString(),
      input_price: '0',
      output_price: '0',
      fork: null,
      citations: citationsIn(answer?.extra),
    };
  }
}
