import { expect } from 'vitest';
import type { Transactions } from '../../src/platform/database/index.js';
import { expectBooksToBalance } from './coin-books.js';

interface TurnRow {
  id: string;
  status: string;
  cost_micro_coins: string;
}

/**
 * Expects that a user's coins and turns agree when nothing runs any more: the books balance, nothing is frozen,
 * each saved turn was charged what its hold says, and each charge or penalty belongs to a saved turn.
 */
export async function expectCleanBooks(transactions: Transactions, userId: string) {
  const books = await expectBooksToBalance(transactions, userId);
  const turns = await transactions.single.query<TurnRow[]>(
    'SELECT id, status, cost_micro_coins FROM turns WHERE owner_id = ? ORDER BY id',
    [userId],
  );
  expect(books.account.frozen).toBe(0n);
  const holds = new Map(books.holds.map((hold) => [hold.id, hold]));
  for (const turn of turns) {
    const hold = holds.get(turn.id);
    expect(hold?.status, turn.id).toMatch(/^(settled|released|expired)$/);
    expect(hold?.settledAmount ?? 0n, turn.id).toBe(BigInt(turn.cost_micro_coins));
  }
  const turnIds = new Map(turns.map((turn) => [turn.id, turn.status]));
  const settledIds = books.holds.filter((hold) => hold.status === 'settled').map((hold) => hold.id);
  for (const id of settledIds) expect(turnIds.has(id), `the turn of the settled hold ${id}`).toBe(true);
  const penalizedIds = books.journal.flatMap((entry) => (entry.kind === 'penalty' ? [entry.reference] : []));
  const violations = turns.filter((turn) => turn.status === 'violation').map((turn) => turn.id);
  expect(new Set(penalizedIds)).toEqual(new Set(violations));
  expect(penalizedIds).toHaveLength(violations.length);
  return books;
}
