import { Injectable } from '@nestjs/common';
import {
  type BatchTransaction,
  BatchTransactions,
  type Statement,
  type Transaction,
  Transactions,
} from '../../../platform/database/index.js';
import { isDerivedId, newId } from '../../../shared/ids.js';
import type { MicroCoins } from '../../../shared/money.js';
import {
  insertBranches,
  listOf,
  selectForkPoints,
  selectLastBranches,
  toForkPoints,
  toLastBranches,
} from '../branches/branch.repository.js';
import { placeTurns, type Placement } from '../domain/placement.js';
import type { Turn, TurnStatus } from '../domain/turn.js';

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
  constructor(
    private readonly transactions: Transactions,
    private readonly batches: BatchTransactions,
  ) {}

  /**
   * Saves turns in the order given, all or none, in one transaction. A turn that is saved already is left as
   * it is, and one whose conversation has been deleted is dropped.
   * @returns those that were dropped.
   */
  async saveTurns(turns: readonly Turn[]): Promise<Turn[]> {
    if (turns.length === 0) return [];
    return this.batches.run(async (transaction) => {
      const [locked = [], saved = []] = await transaction.begin([
        lockConversations(turns),
        selectSaved(turns),
      ]);
      const conversations = new Map(
        (locked as unknown as ConversationCounters[]).map((row) => [row.id, row]),
      );
      const seen = new Set(saved.map((row) => row['id'] as string));
      const fresh = turns.filter((turn) => {
        const isFresh = conversations.has(turn.conversation_id) && !seen.has(turn.id);
        seen.add(turn.id);
        return isFresh;
      });
      const dropped = turns.filter((turn) => !conversations.has(turn.conversation_id));
      const around = await readSurroundings(transaction, fresh);
      const additions = placeAll(withUniqueMessages(fresh, around.takenIds), conversations, around);
      await transaction.commit([...eraseStatements(dropped), ...saveStatements(fresh, additions)]);
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
  const { sql, values } = insertErased(turnIds);
  await transaction.query(sql, [...values]);
}

function insertErased(turnIds: readonly string[]): Statement {
  const rows = turnIds.map((id) => [id, new Date()]);
  return { sql: 'INSERT IGNORE INTO erased_turns (id, erased_at) VALUES ?', values: [rows] };
}

function eraseStatements(dropped: readonly Turn[]): Statement[] {
  return dropped.length === 0 ? [] : [insertErased(dropped.map((turn) => turn.id))];
}

/** All that a group of turns writes. */
function saveStatements(turns: readonly Turn[], additions: readonly Addition[]): Statement[] {
  if (turns.length === 0) return [];
  const branches = additions.flatMap((addition) =>
    addition.branches.map((branch) => ({ ...branch, conversation_id: addition.conversationId })),
  );
  const messages = messageRows(additions);
  return [
    insertTurns(turns),
    ...(branches.length > 0 ? [insertBranches(branches)] : []),
    ...(messages.length > 0 ? [insertMessages(messages)] : []),
    addToConversations(additions),
  ];
}

/** In the order of their ids, so that two savers of overlapping groups cannot wait for each other. */
function lockConversations(turns: readonly Turn[]): Statement {
  const ids = [...new Set(turns.map((turn) => turn.conversation_id))].sort();
  return {
    sql: 'SELECT id, last_sequence, active_branch FROM conversations WHERE id IN (?) ORDER BY id FOR UPDATE',
    values: [ids],
  };
}

function selectSaved(turns: readonly Turn[]): Statement {
  return { sql: 'SELECT id FROM turns WHERE id IN (?)', values: [turns.map((turn) => turn.id)] };
}

/** What must be known of their conversations to place turns that fork or whose messages a client has named. */
interface Surroundings {
  /** Undefined if no client has named any. */
  takenIds: ReadonlySet<string> | undefined;
  lastBranches: ReadonlyMap<string, number>;
  forkPoints: ReturnType<typeof toForkPoints>;
}

/** Most groups have no such turns, and ask nothing. */
async function readSurroundings(
  transaction: BatchTransaction,
  turns: readonly Turn[],
): Promise<Surroundings> {
  const forked = turns.filter((turn) => turn.fork !== null).map((turn) => turn.conversation_id);
  const derivedIds = turns.flatMap((turn) => turn.messages.map(({ id }) => id)).filter(isDerivedId);
  if (forked.length + derivedIds.length === 0) {
    return { takenIds: undefined, lastBranches: new Map(), forkPoints: new Map() };
  }
  const [taken = [], branches = [], points = []] = await transaction.read([
    { sql: 'SELECT id FROM conversation_messages WHERE id IN (?)', values: [listOf(derivedIds)] },
    selectLastBranches(forked),
    selectForkPoints(turns),
  ]);
  return {
    takenIds: derivedIds.length > 0 ? new Set(taken.map((row) => row['id'] as string)) : undefined,
    lastBranches: toLastBranches(branches),
    forkPoints: toForkPoints(points),
  };
}

function insertTurns(turns: readonly Turn[]): Statement {
  const savedAt = new Date();
  return {
    sql: `INSERT INTO turns (id, conversation_id, owner_id, status, model, finish_reason, prompt_tokens, completion_tokens,
       usage_source, cost_micro_coins, error_code, started_at, finished_at, saved_at, request_hash) VALUES ?`,
    values: [
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
  };
}

/**
 * The turns with a new id for each message whose id is taken. Ids that come of what a client calls its messages are
 * looked at before a turn is accepted, but two requests at once can bring the same. Their conversation is locked here.
 */
function withUniqueMessages(
  turns: readonly Turn[],
  takenIds: ReadonlySet<string> | undefined,
): readonly Turn[] {
  if (!takenIds) return turns;
  const taken = new Set(takenIds);
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
function placeAll(
  turns: readonly Turn[],
  conversations: ReadonlyMap<string, ConversationCounters>,
  { lastBranches, forkPoints }: Surroundings,
): Addition[] {
  const byConversation = Map.groupBy(turns, (turn) => turn.conversation_id);
  return [...byConversation].map(([conversationId, own]) => {
    const row = conversations.get(conversationId);
    const ends = {
      lastSequence: row?.last_sequence ?? 0,
      activeBranch: row?.active_branch ?? 0,
      lastBranch: lastBranches.get(conversationId) ?? 0,
    };
    return { conversationId, ...placeTurns(ends, own, forkPoints.get(conversationId) ?? new Map()) };
  });
}

function messageRows(additions: readonly Addition[]): unknown[][] {
  return additions.flatMap(({ conversationId, turns }) =>
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
}

function insertMessages(rows: readonly unknown[][]): Statement {
  return {
    sql: `INSERT INTO conversation_messages
       (id, conversation_id, turn_id, branch, sequence, role, content, extra, status, tokens, created_at) VALUES ?`,
    values: [rows],
  };
}

/** One statement for all conversations of the group. */
function addToConversations(additions: readonly Addition[]): Statement {
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
  return {
    sql: `UPDATE conversations c JOIN (${rows.join(' UNION ALL ')}) a ON c.id = CONVERT(a.id USING ascii) COLLATE ascii_bin
     SET c.last_sequence = a.last_sequence, c.active_branch = a.active_branch,
         c.message_count = c.message_count + a.messages, c.total_tokens = c.total_tokens + a.tokens,
         c.last_activity_at = GREATEST(c.last_activity_at, a.active_at)`,
    values,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function lastActivityOf(turn: Turn | undefined): Date {
  return new Date(turn?.finished_at ?? turn?.started_at ?? 0);
}
