import { expect } from 'vitest';
import { toAccount, toHold, toJournalEntry } from '../../src/modules/coin-account/coin-account.rows.js';
import { availableOf } from '../../src/modules/coin-account/domain/account.js';
import type { Hold } from '../../src/modules/coin-account/domain/hold.js';
import { GENESIS_HASH, hashEntry, type JournalEntry } from '../../src/modules/coin-account/domain/journal.js';
import type { Transactions } from '../../src/platform/database/index.js';

type Row = Record<string, unknown>;

/** All rows of one account, read past the product's own code. */
export async function readBooks(transactions: Transactions, accountId: string) {
  const read = (sql: string) => transactions.single.query<Row[]>(sql, [accountId]);
  const [account] = await read('SELECT * FROM coin_accounts WHERE id = ?');
  const holds = await read('SELECT * FROM coin_holds WHERE account_id = ? ORDER BY id');
  const journal = await read('SELECT * FROM coin_journal WHERE account_id = ? ORDER BY sequence');
  if (!account) throw new Error(`The account ${accountId} has no row.`);
  return { account: toAccount(account), holds: holds.map(toHold), journal: journal.map(toJournalEntry) };
}

/**
 * Expects that an account's rows agree: the journal adds up to the balances and each running balance, the chain of
 * hashes is whole, open holds are what is frozen, every hold has the entries that it names.
 */
export async function expectBooksToBalance(transactions: Transactions, accountId: string) {
  const books = await readBooks(transactions, accountId);
  const { account, holds, journal } = books;
  const sums = { balance: 0n, frozen: 0n, debt: 0n };
  let hash = GENESIS_HASH;
  for (const [index, entry] of journal.entries()) {
    sums.balance += entry.balanceDelta;
    sums.frozen += entry.frozenDelta;
    sums.debt += entry.debtDelta;
    hash = hashEntry(hash, entry);
    expect(entry.sequence).toBe(index + 1);
    expect([entry.balanceAfter, entry.frozenAfter, entry.debtAfter]).toEqual(Object.values(sums));
    expect(entry.hash).toEqual(hash);
  }
  const open = holds.filter((hold) => hold.status === 'open');
  expect(open.reduce((sum, hold) => sum + hold.amount, 0n)).toBe(account.frozen);
  expect(account).toMatchObject({ ...sums, sequence: journal.length, hash });
  expect(availableOf(account)).toBeGreaterThanOrEqual(0n);
  for (const hold of holds) expectEntriesOf(hold, journal);
  return books;
}

const ENDING_KINDS = { settled: 'settle', released: 'release', expired: 'expire' } as const;

function expectEntriesOf(hold: Hold, journal: readonly JournalEntry[]): void {
  const own = journal.filter((entry) => entry.holdId === hold.id && entry.frozenDelta !== 0n);
  const expected = [{ sequence: hold.openedSequence, kind: 'hold', frozenDelta: hold.amount }];
  if (hold.status !== 'open') {
    const kind = ENDING_KINDS[hold.status];
    expected.push({ sequence: hold.endedSequence ?? 0, kind, frozenDelta: -hold.amount });
  }
  expect(own).toMatchObject(hold.amount === 0n ? [] : expected);
}
