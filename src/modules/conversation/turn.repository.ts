import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { isDerivedId, newId } from '../../shared/ids.js';
import type { MicroCoins } from '../../shared/money.js';
import { findForkPoints, insertBranches, lastBranches } from './branch.repository.js';
import { placeTurns, type Placement } from './domain/placement.js';
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
  active_branch: number;
}

/** What a group of turns adds to one conversation. */
interface Addition extends Placement {
  conversationId: string;
}

/** Writes finished turns to MySQL. */
@Injectable()
export class TurnRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Saves turns in the order given, all or none, in one transaction. A turn that is saved already is left as
   * it is, and one whose conversation has been deleted is dropped.
   * @returns those that were dropped.
   */
  async saveTurns(turns: readonly Turn[]): Promise<Turn[]> {
    if (turns.length === 0) return [];
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
      if (fresh.length === 0) return dropped;
      await insertTurns(transaction, fresh);
      const additions = await placeAll(
        transaction,
        await withUniqueMessages(transaction, fresh),
        conversations,
      );
      await insertBranches(
        transaction,
        additions.flatMap(({ conversationId, branches }) =>
          branches.map((branch) => ({ ...branch, conversation_id: conversationId })),
        ),
      );
      await insertMessages(transaction, additions);
      await addToConversations(transaction, additions);
      return dropped;
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

  /** Those of these turns that neither wait in the database nor are saved nor erased. */
  async findUnknown(turnIds: readonly string[]): Promise<string[]> {
    if (turnIds.length === 0) return [];
    const rows: { id: string }[] = await this.transactions.single.query(
      `SELECT id FROM turns WHERE id IN (?) UNION ALL SELECT id FROM erased_turns WHERE id IN (?)
       UNION ALL SELECT id FROM waiting_turns WHERE id IN (?) AND state IN ('finished', 'skipped')`,
      [turnIds, turnIds, turnIds],
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
    'SELECT id, last_sequence, active_branch FROM conversations WHERE id IN (?) ORDER BY id FOR UPDATE',
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
       usage_source, cost_micro_coins, error_code, started_at, finished_at, saved_at, request_hash) VALUES ?`,
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
        turn.request_hash,
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

/** Where the messages of each conversation go. Its row is locked, so nobody else adds to it meanwhile. */
async function placeAll(
  transaction: Transaction,
  turns: readonly Turn[],
  conversations: ReadonlyMap<string, ConversationCounters>,
): Promise<Addition[]> {
  const byConversation = Map.groupBy(turns, (turn) => turn.conversation_id);
  const forked = turns.filter((turn) => turn.fork !== null).map((turn) => turn.conversation_id);
  const branchNumbers =
    forked.length > 0 ? await lastBranches(transaction, forked) : new Map<string, number>();
  const forkPoints = await findForkPoints(transaction, turns);
  return [...byConversation].map(([conversationId, own]) => {
    const row = conversations.get(conversationId);
    const ends = {
      lastSequence: row?.last_sequence ?? 0,
      activeBranch: row?.active_branch ?? 0,
      lastBranch: branchNumbers.get(conversationId) ?? 0,
    };
    return { conversationId, ...placeTurns(ends, own, forkPoints.get(conversationId) ?? new Map()) };
  });
}

async function insertMessages(transaction: Transaction, additions: readonly Addition[]): Promise<void> {
  const rows = additions.flatMap(({ conversationId, turns }) =>
    turns.flatMap(({ turn, branch, sequence }) =>
      turn.messages.map((message, index) => [
        message.id,
        conversationId,
        turn.id,
        branch,
        sequence + index,
        message.role,
        message.content,
        message.extra === null ? null : JSON.stringify(message.extra),
        message.status,
        message.tokens,
        new Date(message.created_at),
      ]),
    ),
  );
  if (rows.length === 0) return;
  await transaction.query(
    `INSERT INTO conversation_messages
       (id, conversation_id, turn_id, branch, sequence, role, content, extra, status, tokens, created_at) VALUES ?`,
    [rows],
  );
}

/** One statement for all conversations of the group. */
async function addToConversations(transaction: Transaction, additions: readonly Addition[]): Promise<void> {
  const rows = additions.map(
    () =>
      'SELECT ? AS id, ? AS last_sequence, ? AS active_branch, ? AS messages, ? AS tokens, CAST(? AS DATETIME(3)) AS active_at',
  );
  const values = additions.flatMap(({ conversationId, ends, turns }) => [
    conversationId,
    ends.lastSequence,
    ends.activeBranch,
    sum(turns.map(({ turn }) => turn.messages.length)),
    sum(turns.map(({ turn }) => turn.prompt_tokens + turn.completion_tokens)),
    lastActivityOf(turns.at(-1)?.turn),
  ]);
  await transaction.query(
    `UPDATE conversations c JOIN (${rows.join(' UNION ALL ')}) a ON c.id = CONVERT(a.id USING ascii) COLLATE ascii_bin
     SET c.last_sequence = a.last_sequence, c.active_branch = a.active_branch,
         c.message_count = c.message_count + a.messages, c.total_tokens = c.total_tokens + a.tokens,
         c.last_activity_at = GREATEST(c.last_activity_at, a.active_at)`,
    values,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function lastActivityOf(turn: Turn | undefined): Date {
  return new Date(turn?.finished_at ?? turn?.started_at ?? 0);
}
