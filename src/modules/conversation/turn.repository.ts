import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { isDerivedId, newId } from '../../shared/ids.js';
import type { MicroCoins } from '../../shared/money.js';
import type { Turn, TurnStatus } from './domain/turn.js';

/** What is known of the cost of a saved turn. */
export interface SavedTurn {
  id: string;
  ownerId: string;
  status: TurnStatus;
  cost: MicroCoins;
}

interface ConversationCounters {
  id: string;
  last_sequence: number;
}

/** What a group of turns adds to one conversation. */
interface Addition {
  conversationId: string;
  lastSequence: number;
  messages: number;
  tokens: number;
  lastActivityAt: Date;
}

/** Writes finished turns to MySQL. */
@Injectable()
export class TurnRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Saves turns in the order given, all or none, in one transaction. A turn that is saved already is left as
   * it is, and one whose conversation has been deleted is dropped.
   * @returns how many were written.
   */
  async saveTurns(turns: readonly Turn[]): Promise<number> {
    if (turns.length === 0) return 0;
    return this.transactions.run(async (transaction) => {
      const conversations = await lockConversations(transaction, turns);
      const savedIds = await savedTurnIds(transaction, turns);
      const seen = new Set(savedIds);
      const fresh = turns.filter((turn) => {
        const isFresh = conversations.has(turn.conversation_id) && !seen.has(turn.id);
        seen.add(turn.id);
        return isFresh;
      });
      const dropped = turns.filter((turn) => !conversations.has(turn.conversation_id));
      if (dropped.length > 0) {
        await noteErased(
          transaction,
          dropped.map((turn) => turn.id),
        );
      }
      if (fresh.length === 0) return 0;
      await insertTurns(transaction, fresh);
      const turnsToAdd = await withUniqueMessages(transaction, fresh);
      const additions = await insertMessages(transaction, turnsToAdd, conversations);
      await addToConversations(transaction, additions);
      return fresh.length;
    });
  }

  /** Saved turns with ids above `afterId`, in the order of their ids. */
  async listSaved(afterId: string, limit: number): Promise<SavedTurn[]> {
    const rows: { id: string; owner_id: string; status: TurnStatus; cost_micro_coins: string }[] =
      await this.transactions.single.query(
        'SELECT id, owner_id, status, cost_micro_coins FROM turns WHERE id > ? ORDER BY id LIMIT ?',
        [afterId, limit],
      );
    return rows.map((row) => ({
      id: row.id,
      ownerId: row.owner_id,
      status: row.status,
      cost: BigInt(row.cost_micro_coins),
    }));
  }

  /** Those of these turns that are neither saved nor erased. */
  async findUnknown(turnIds: readonly string[]): Promise<string[]> {
    if (turnIds.length === 0) return [];
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM turns WHERE id IN (?) UNION ALL SELECT id FROM erased_turns WHERE id IN (?)',
      [turnIds, turnIds],
    );
    const known = new Set(rows.map((row) => row.id));
    return turnIds.filter((id) => !known.has(id));
  }
}

/** Keeps the ids of turns that are deleted, or not saved because their conversation has been. */
export async function noteErased(transaction: Transaction, turnIds: readonly string[]): Promise<void> {
  await transaction.query('INSERT IGNORE INTO erased_turns (id, erased_at) VALUES ?', [
    turnIds.map((id) => [id, new Date()]),
  ]);
}

/** In the order of their ids, so that two savers of overlapping groups cannot wait for each other. */
async function lockConversations(
  transaction: Transaction,
  turns: readonly Turn[],
): Promise<Map<string, ConversationCounters>> {
  const ids = [...new Set(turns.map((turn) => turn.conversation_id))].sort();
  const rows: ConversationCounters[] = await transaction.query(
    'SELECT id, last_sequence FROM conversations WHERE id IN (?) ORDER BY id FOR UPDATE',
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function savedTurnIds(transaction: Transaction, turns: readonly Turn[]): Promise<string[]> {
  const rows: { id: string }[] = await transaction.query('SELECT id FROM turns WHERE id IN (?)', [
    turns.map((turn) => turn.id),
  ]);
  return rows.map((row) => row.id);
}

async function insertTurns(transaction: Transaction, turns: readonly Turn[]): Promise<void> {
  const savedAt = new Date();
  await transaction.query(
    `INSERT INTO turns (id, conversation_id, owner_id, status, model, finish_reason, prompt_tokens, completion_tokens,
       usage_source, cost_micro_coins, error_code, started_at, finished_at, saved_at) VALUES ?`,
    [
      turns.map((turn) => [
        turn.id,
        turn.conversation_id,
        turn.owner_id,
        turn.status,
        turn.model,
        turn.finish_reason,
        turn.prompt_tokens,
        turn.completion_tokens,
        turn.usage_source,
        turn.cost_micro_coins,
        turn.error_code,
        new Date(turn.started_at),
        new Date(turn.finished_at ?? turn.started_at),
        savedAt,
      ]),
    ],
  );
}

/**
 * The turns with a new id for each message whose id is taken. Ids that come of what a client calls its messages are
 * looked at before a turn is accepted, but two requests at once can bring the same. Their conversation is locked here.
 */
async function withUniqueMessages(
  transaction: Transaction,
  turns: readonly Turn[],
): Promise<readonly Turn[]> {
  const ids = turns.flatMap((turn) => turn.messages.map(({ id }) => id)).filter(isDerivedId);
  if (ids.length === 0) return turns;
  const rows: { id: string }[] = await transaction.query(
    'SELECT id FROM conversation_messages WHERE id IN (?)',
    [ids],
  );
  const taken = new Set(rows.map((row) => row.id));
  return turns.map((turn) => ({
    ...turn,
    messages: turn.messages.map((message) => {
      const id = taken.has(message.id) ? newId() : message.id;
      taken.add(id);
      return { ...message, id };
    }),
  }));
}

async function insertMessages(
  transaction: Transaction,
  turns: readonly Turn[],
  conversations: ReadonlyMap<string, ConversationCounters>,
): Promise<Addition[]> {
  const additions = new Map<string, Addition>();
  const rows: unknown[][] = [];
  for (const turn of turns) {
    const addition = additions.get(turn.conversation_id) ?? {
      conversationId: turn.conversation_id,
      lastSequence: conversations.get(turn.conversation_id)?.last_sequence ?? 0,
      messages: 0,
      tokens: 0,
      lastActivityAt: new Date(0),
    };
    additions.set(turn.conversation_id, addition);
    for (const message of turn.messages) {
      addition.lastSequence++;
      addition.messages++;
      rows.push([
        message.id,
        turn.conversation_id,
        turn.id,
        addition.lastSequence,
        message.role,
        message.content,
        message.extra === null ? null : JSON.stringify(message.extra),
        message.status,
        message.tokens,
        new Date(message.created_at),
      ]);
    }
    addition.tokens += turn.prompt_tokens + turn.completion_tokens;
    addition.lastActivityAt = new Date(turn.finished_at ?? turn.started_at);
  }
  await transaction.query(
    `INSERT INTO conversation_messages
       (id, conversation_id, turn_id, sequence, role, content, extra, status, tokens, created_at) VALUES ?`,
    [rows],
  );
  return [...additions.values()];
}

/** One statement for all conversations of the group. */
async function addToConversations(transaction: Transaction, additions: readonly Addition[]): Promise<void> {
  const rows = additions.map(
    () =>
      'SELECT ? AS id, ? AS last_sequence, ? AS messages, ? AS tokens, CAST(? AS DATETIME(3)) AS active_at',
  );
  const values = additions.flatMap((addition) => [
    addition.conversationId,
    addition.lastSequence,
    addition.messages,
    addition.tokens,
    addition.lastActivityAt,
  ]);
  await transaction.query(
    `UPDATE conversations c JOIN (${rows.join(' UNION ALL ')}) a ON c.id = CONVERT(a.id USING ascii) COLLATE ascii_bin
     SET c.last_sequence = a.last_sequence, c.message_count = c.message_count + a.messages,
         c.total_tokens = c.total_tokens + a.tokens, c.last_activity_at = GREATEST(c.last_activity_at, a.active_at)`,
    values,
  );
}
