import type { Statement } from '../../platform/database/index.js';
import { type Row, toAccount, toHold, toRecordedOperation } from './coin-account.rows.js';
import { type AccountState, emptyAccount } from './domain/account.js';
import type { Operation, RecordedOperation } from './domain/decision.js';
import type { Hold } from './domain/hold.js';
import type { JournalEntry } from './domain/journal.js';
import type { GroupFacts, OperationGroup } from './domain/operation-group.js';

/** What a group of operations reads and writes, as statements. */

/**
 * What a group decides from, the account's row locked first: under its lock everything of the account changes but
 * the time at which a hold expires. One row always comes back, with NULLs for an account that does not exist.
 */
const SELECT_ACCOUNT = `
  SELECT UTC_TIMESTAMP(3) AS now, a.id, a.balance, a.frozen, a.debt, a.is_blocked, a.journal_sequence,
    a.journal_hash, a.updated_at
  FROM (SELECT 1 AS one) AS base LEFT JOIN coin_accounts a ON a.id = ? FOR UPDATE`;
export const SELECT_HOLDS = `SELECT * FROM coin_holds WHERE id IN (?) FOR UPDATE`;
const SELECT_OPERATIONS = `SELECT * FROM coin_operations WHERE account_id = ? AND idempotency_key IN (?)`;
const SELECT_ANY_OPERATION = `
  SELECT 1 FROM coin_operations WHERE account_id = ? AND idempotency_key BETWEEN ? AND ? LIMIT 1`;

const HOLD_COLUMNS =
  'id, account_id, amount, status, settled_amount, debt_amount, purpose, reference, opened_sequence, ' +
  'ended_sequence, expires_at, created_at, ended_at';

const ACCOUNT_COLUMNS =
  'id, balance, frozen, debt, is_blocked, journal_sequence, journal_hash, created_at, updated_at';

/** In the order in which an entry is written. */
const JOURNAL_COLUMNS =
  'account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after, frozen_after, debt_after, ' +
  'hold_id, reference, actor, reason, note, idempotency_key, created_at, hash';

/**
 * What a group reads while it locks its account: the account, the holds that it does not open itself, and whether
 * any key between its first and its last is recorded. Keys made one after another are close together.
 */
export function firstReads(accountId: string, operations: readonly Operation<unknown>[]): Statement[] {
  const holdIds = operations.map((operation) => (operation.isOpening ? undefined : operation.holdId));
  const [first = null, last = first] = keyRange(operations);
  return [
    { sql: SELECT_ACCOUNT, values: [accountId] },
    { sql: SELECT_HOLDS, values: [distinct(holdIds)] },
    { sql: SELECT_ANY_OPERATION, values: [accountId, first, last] },
  ];
}

/** All holds and all recorded operations that a group names. */
export function fullReads(
  accountId: string,
  operations: readonly Operation<unknown>[],
): [Statement, Statement] {
  const holdIds = distinct(operations.map((operation) => operation.holdId));
  const keys = distinct(operations.map((operation) => operation.idempotencyKey));
  return [
    { sql: SELECT_HOLDS, values: [holdIds] },
    { sql: SELECT_OPERATIONS, values: [accountId, keys] },
  ];
}

export function toFacts(
  accountId: string,
  accounts: readonly Row[],
  holds: readonly Row[],
  records: readonly Row[],
): GroupFacts {
  const account = accounts[0];
  const isKnown = account !== undefined && account['id'] !== null;
  return {
    account: isKnown ? toAccount(account) : emptyAccount(accountId),
    isKnown,
    holds: holds.map(toHold),
    records: records.map(toRecordedOperation),
    now: account?.['now'] as Date,
  };
}

/** All that groups of different accounts changed. The accounts come first: two that make the same one meet there. */
export function groupWrites(groups: readonly OperationGroup[]): Statement[] {
  const all = groups.map((group) => ({ now: group.now, ...group.changes() }));
  const posted = all.filter(({ entries }) => entries.length > 0);
  const accounts = (isNew: boolean) =>
    posted.filter(({ isNewAccount }) => isNewAccount === isNew).map(({ account }) => account);
  const writes = [...insertAccounts(accounts(true)), ...updateAccounts(accounts(false))];
  if (posted.length > 0) writes.push(insertEntries(posted.flatMap(({ entries }) => entries)));
  writes.push(...posted.flatMap(({ openedHolds }) => runsOfHolds(openedHolds).map(insertHolds)));
  const endedHolds = posted.flatMap((changes) => changes.endedHolds);
  if (endedHolds.length > 0) writes.push(updateEndedHolds(endedHolds));
  const records = all.flatMap((changes) => changes.records);
  const [first] = all;
  if (first && records.length > 0) writes.push(insertRecords(records, first.now));
  return writes;
}

/** A key that is there already refuses them. */
function insertAccounts(accounts: readonly AccountState[]): Statement[] {
  if (accounts.length === 0) return [];
  return [
    { sql: `INSERT INTO coin_accounts (${ACCOUNT_COLUMNS}) VALUES ?`, values: [accounts.map(accountValues)] },
  ];
}

/** Their rows are locked, so that they are there. */
function updateAccounts(accounts: readonly AccountState[]): Statement[] {
  const [account] = accounts;
  if (!account) return [];
  if (accounts.length === 1) return [updateAccount(account)];
  return [
    {
      sql: `INSERT INTO coin_accounts (${ACCOUNT_COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE
              balance = VALUES(balance), frozen = VALUES(frozen), debt = VALUES(debt),
              is_blocked = VALUES(is_blocked), journal_sequence = VALUES(journal_sequence),
              journal_hash = VALUES(journal_hash), updated_at = VALUES(updated_at)`,
      values: [accounts.map(accountValues)],
    },
  ];
}

function accountValues(account: AccountState): unknown[] {
  const { id, balance, frozen, debt, isBlocked, sequence, hash, updatedAt } = account;
  return [id, balance, frozen, debt, isBlocked, sequence, hash, updatedAt, updatedAt];
}

function updateAccount(account: AccountState): Statement {
  return {
    sql: `UPDATE coin_accounts SET balance = ?, frozen = ?, debt = ?, is_blocked = ?, journal_sequence = ?,
            journal_hash = ?, updated_at = ? WHERE id = ?`,
    values: [
      account.balance,
      account.frozen,
      account.debt,
      account.isBlocked,
      account.sequence,
      account.hash,
      account.updatedAt,
      account.id,
    ],
  };
}

/** Opened holds in their order, cut where `insertHolds` could not write them in one statement. */
function runsOfHolds(holds: readonly Hold[]): Hold[][] {
  const runs: Hold[][] = [];
  for (const hold of holds) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const isAlike =
      last && hold.status === last.status && hold.expiresAt.getTime() === last.expiresAt.getTime();
    if (run && isAlike) run.push(hold);
    else runs.push([hold]);
  }
  return runs;
}

/**
 * Writes holds that are all open until the same time from their journal entries, which say everything else of them:
 * half the work for the database of parsing the same values once more. Those that have ended already are written
 * as they are.
 */
function insertHolds(holds: readonly Hold[]): Statement {
  const [first] = holds;
  const last = holds.at(-1);
  if (!first || !last || first.status !== 'open') {
    return { sql: `INSERT INTO coin_holds (${HOLD_COLUMNS}) VALUES ?`, values: [holds.map(holdValues)] };
  }
  return {
    sql: `INSERT INTO coin_holds
            (id, account_id, amount, status, purpose, reference, opened_sequence, expires_at, created_at)
          SELECT hold_id, account_id, frozen_delta, 'open', reason, reference, sequence, ?, created_at
          FROM coin_journal WHERE account_id = ? AND sequence BETWEEN ? AND ? AND kind = 'hold'`,
    values: [first.expiresAt, first.accountId, first.openedSequence, last.openedSequence],
  };
}

/** All in one statement: the rows are there, so that each is updated; when they expire is left as it is. */
function updateEndedHolds(holds: readonly Hold[]): Statement {
  return {
    sql: `INSERT INTO coin_holds (${HOLD_COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE
            status = VALUES(status), settled_amount = VALUES(settled_amount), debt_amount = VALUES(debt_amount),
            ended_sequence = VALUES(ended_sequence), ended_at = VALUES(ended_at)`,
    values: [holds.map(holdValues)],
  };
}

function holdValues(hold: Hold): unknown[] {
  return [
    hold.id,
    hold.accountId,
    hold.amount,
    hold.status,
    hold.settledAmount,
    hold.debtAmount,
    hold.purpose,
    hold.reference,
    hold.openedSequence,
    hold.endedSequence,
    hold.expiresAt,
    hold.createdAt,
    hold.endedAt,
  ];
}

function insertEntries(entries: readonly JournalEntry[]): Statement {
  const rows = entries.map((entry) => [
    entry.accountId,
    entry.sequence,
    entry.kind,
    entry.balanceDelta,
    entry.frozenDelta,
    entry.debtDelta,
    entry.balanceAfter,
    entry.frozenAfter,
    entry.debtAfter,
    entry.holdId,
    entry.reference,
    entry.actor,
    entry.reason,
    entry.note,
    entry.idempotencyKey,
    entry.createdAt,
    entry.hash,
  ]);
  return { sql: `INSERT INTO coin_journal (${JOURNAL_COLUMNS}) VALUES ?`, values: [rows] };
}

function insertRecords(records: readonly RecordedOperation[], now: Date): Statement {
  const rows = records.map((record) => [
    record.accountId,
    record.idempotencyKey,
    record.kind,
    record.requestHash,
    JSON.stringify(record.outcome),
    now,
  ]);
  return {
    sql: `INSERT INTO coin_operations (account_id, idempotency_key, kind, request_hash, outcome, created_at) VALUES ?`,
    values: [rows],
  };
}

/** For `IN (?)`, which wants one value at least: NULL equals nothing. */
export function distinct(values: readonly (string | undefined)[]): (string | null)[] {
  const present = [...new Set(values)].filter((value) => value !== undefined);
  return present.length > 0 ? present : [null];
}

/** The first and the last key in the order of ASCII, which is the database's order of them; none of no keys. */
function keyRange(operations: readonly Operation<unknown>[]): string[] {
  let range: [first: string, last: string] | undefined;
  for (const { idempotencyKey: key } of operations) {
    if (key === undefined) continue;
    if (!range) range = [key, key];
    else if (key < range[0]) range[0] = key;
    else if (key > range[1]) range[1] = key;
  }
  return range ?? [];
}
