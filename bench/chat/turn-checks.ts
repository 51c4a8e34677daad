import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { TurnLog } from './turn-log.ts';

/** What every turn of the benchmark must look like once it is saved. */
export interface ExpectedTurn {
  completionTokens: number;
  messages: number;
}

/** How many rows break one promise each: all zero if nothing was lost, doubled or miscounted. */
export interface TurnChecks {
  lost: number;
  /** Saved, though nobody was told. */
  unasked: number;
  damaged: number;
  /** Conversations whose turns are not in the order in which they were taken, or whose numbers have gaps. */
  disordered: number;
  /** Turns, holds and journals that do not agree to the micro-coin. */
  miscounted: number;
}

/** Compares what clients were answered with what the database holds, row by row, past the product's own code. */
export async function checkTurns(
  database: Connection,
  log: TurnLog,
  expected: ExpectedTurn,
  grantedMicroCoins: bigint,
): Promise<TurnChecks> {
  const saved = await savedConversations(database);
  let lost = 0;
  let found = 0;
  let disordered = await count(database, GAPS);
  for (const [conversationId, turnIds] of log.entries()) {
    const savedIds = saved.get(conversationId) ?? [];
    const known = new Set(savedIds);
    lost += turnIds.filter((id) => !known.has(id)).length;
    found += turnIds.filter((id) => known.has(id)).length;
    const asked = new Set(turnIds);
    if (savedIds.filter((id) => asked.has(id)).join() !== turnIds.filter((id) => known.has(id)).join()) {
      disordered++;
    }
  }
  const all = [...saved.values()].reduce((sum, ids) => sum + ids.length, 0);
  return {
    lost,
    unasked: all - found,
    damaged: await count(database, DAMAGED, [expected.completionTokens, expected.messages]),
    disordered,
    miscounted: await countMiscounted(database, grantedMicroCoins),
  };
}

/** The turns of each conversation in the order of their messages. A turn whose messages are apart appears twice. */
async function savedConversations(database: Connection): Promise<Map<string, string[]>> {
  const [rows] = await database.query<RowDataPacket[]>(
    `SELECT m.conversation_id, m.turn_id FROM conversation_messages m JOIN turns t ON t.id = m.turn_id
     ORDER BY m.conversation_id, m.sequence`,
  );
  const turns = new Map<string, string[]>();
  for (const row of rows as { conversation_id: string; turn_id: string }[]) {
    const ids = turns.get(row.conversation_id) ?? [];
    if (ids.at(-1) !== row.turn_id) ids.push(row.turn_id);
    turns.set(row.conversation_id, ids);
  }
  return turns;
}

const GAPS = `
  SELECT COUNT(*) AS n FROM conversations c
  LEFT JOIN (SELECT conversation_id, COUNT(*) AS messages, MIN(sequence) AS first, MAX(sequence) AS last
             FROM conversation_messages GROUP BY conversation_id) m ON m.conversation_id = c.id
  WHERE c.message_count <> COALESCE(m.messages, 0) OR c.last_sequence <> COALESCE(m.last, 0)
     OR COALESCE(m.last, 0) <> COALESCE(m.messages, 0) OR COALESCE(m.first, 1) <> 1`;

const DAMAGED = `
  SELECT COUNT(*) AS n FROM turns t
  LEFT JOIN (SELECT turn_id, COUNT(*) AS messages FROM conversation_messages GROUP BY turn_id) m ON m.turn_id = t.id
  WHERE t.status <> 'complete' OR t.completion_tokens <> ? OR COALESCE(m.messages, 0) <> ?`;

const BALANCES = `
  SELECT COUNT(*) AS n FROM coin_accounts a
  LEFT JOIN (SELECT account_id, SUM(balance_delta) AS balance, SUM(frozen_delta) AS frozen, SUM(debt_delta) AS debt
             FROM coin_journal GROUP BY account_id) j ON j.account_id = a.id
  WHERE a.balance <> j.balance OR a.frozen <> j.frozen OR a.debt <> j.debt OR a.frozen <> 0 OR j.account_id IS NULL`;

const TURNS_AND_HOLDS = `
  SELECT COUNT(*) AS n FROM turns t LEFT JOIN coin_holds h ON h.id = t.id
  WHERE h.id IS NULL OR h.status <> 'settled' OR h.settled_amount <> t.cost_micro_coins OR h.account_id <> t.owner_id`;

const HOLDS_WITHOUT_TURNS = `
  SELECT COUNT(*) AS n FROM coin_holds h LEFT JOIN turns t ON t.id = h.id WHERE t.id IS NULL`;

const HOLDS_AND_JOURNAL = `
  SELECT COUNT(*) AS n FROM coin_holds h
  LEFT JOIN (SELECT hold_id, SUM(frozen_delta) AS frozen, -SUM(balance_delta) AS paid, SUM(kind = 'settle') AS settled
             FROM coin_journal WHERE hold_id IS NOT NULL GROUP BY hold_id) j ON j.hold_id = h.id
  WHERE j.hold_id IS NULL OR j.frozen <> 0 OR j.paid <> h.settled_amount OR j.settled <> 1`;

async function countMiscounted(database: Connection, grantedMicroCoins: bigint): Promise<number> {
  let rows = 0;
  for (const sql of [BALANCES, TURNS_AND_HOLDS, HOLDS_WITHOUT_TURNS, HOLDS_AND_JOURNAL]) {
    rows += await count(database, sql);
  }
  const [[sums]] = await database.query<RowDataPacket[]>(
    `SELECT CAST((SELECT COALESCE(SUM(balance), 0) FROM coin_accounts)
               + (SELECT COALESCE(SUM(cost_micro_coins), 0) FROM turns) AS CHAR) AS total`,
  );
  return rows + (BigInt(String(sums?.['total'])) === grantedMicroCoins ? 0 : 1);
}

async function count(database: Connection, sql: string, values: readonly unknown[] = []): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(sql, [...values]);
  return Number(row?.['n']);
}
