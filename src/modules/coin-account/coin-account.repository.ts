import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../platform/database/index.js';
import {
  FACT_SELECT_LIST,
  pick,
  toAccount,
  toHold,
  toRecordedOperation,
  type Row,
} from './coin-account.rows.js';
import { type AccountState, emptyAccount } from './domain/account.js';
import type { Operation, RecordedOperation } from './domain/decision.js';
import type { Hold } from './domain/hold.js';
import type { JournalEntry } from './domain/journal.js';
import { type GroupFacts, OperationGroup, type Outcome } from './domain/operation-group.js';

/** An operation that lost a race for the same new row runs again and finds the row. */
const MAX_DUPLICATE_KEY_ATTEMPTS = 4;

/**
 * The three rows an operation decides from, the account's locked first: under its lock everything of the account
 * changes. One row always comes back, with NULLs for what does not exist.
 */
const SELECT_FACTS = `
  SELECT UTC_TIMESTAMP(3) AS now, ${FACT_SELECT_LIST}
  FROM (SELECT 1 AS one) AS base
  LEFT JOIN coin_accounts a ON a.id = ?
  LEFT JOIN coin_holds h ON h.id = ?
  LEFT JOIN coin_operations o ON o.account_id = a.id AND o.idempotency_key = ?
  FOR UPDATE`;

/** The same for a group. */
const SELECT_ACCOUNT = `
  SELECT UTC_TIMESTAMP(3) AS now, a.id, a.balance, a.frozen, a.debt, a.is_blocked, a.journal_sequence,
    a.journal_hash, a.updated_at
  FROM (SELECT 1 AS one) AS base LEFT JOIN coin_accounts a ON a.id = ? FOR UPDATE`;
const SELECT_HOLDS = `SELECT * FROM coin_holds WHERE id IN (?) FOR UPDATE`;
const SELECT_OPERATIONS = `SELECT * FROM coin_operations WHERE account_id = ? AND idempotency_key IN (?) FOR UPDATE`;

const HOLD_COLUMNS =
  'id, account_id, amount, status, settled_amount, debt_amount, purpose, reference, opened_sequence, ' +
  'ended_sequence, expires_at, created_at, ended_at';

const JOURNAL_COLUMNS =
  'account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after, frozen_after, debt_after, ' +
  'hold_id, reference, actor, reason, note, idempotency_key, created_at, hash';

/** Changes the tables of the ledger; nothing else does. */
@Injectable()
export class CoinAccountRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Runs operations on one account in the order given, each on what the one before left, in one short
   * transaction. One that is refused, or whose rule throws, leaves the others as they are. Waits for other
   * processes' groups on the same account.
   */
  async executeGroup(accountId: string, operations: readonly Operation<unknown>[]): Promise<Outcome[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transactions.run(async (transaction) => {
          const group = new OperationGroup(await this.lockFacts(transaction, accountId, operations));
          const outcomes = operations.map((operation) => group.run(operation));
          await this.write(transaction, group);
          return outcomes;
        });
      } catch (error) {
        if (attempt >= MAX_DUPLICATE_KEY_ATTEMPTS || !isDuplicateKey(error)) throw error;
      }
    }
  }

  /** One round trip for a single operation, three for a group; the account's row is locked first. */
  private async lockFacts(
    transaction: Transaction,
    accountId: string,
    operations: readonly Operation<unknown>[],
  ): Promise<GroupFacts> {
    const holdIds = distinct(operations.map((operation) => operation.holdId));
    const keys = distinct(operations.map((operation) => operation.idempotencyKey));
    if (holdIds.length <= 1 && keys.length <= 1) {
      const [row] = await transaction.query<[Row]>(SELECT_FACTS, [
        accountId,
        holdIds[0] ?? null,
        keys[0] ?? null,
      ]);
      return groupFacts(
        accountId,
        row['now'] as Date,
        pick(row, 'a'),
        present(pick(row, 'h')),
        present(pick(row, 'o')),
      );
    }
    const [row] = await transaction.query<[Row]>(SELECT_ACCOUNT, [accountId]);
    const holds = holdIds.length > 0 ? await transaction.query<Row[]>(SELECT_HOLDS, [holdIds]) : [];
    const records =
      keys.length > 0 ? await transaction.query<Row[]>(SELECT_OPERATIONS, [accountId, keys]) : [];
    return groupFacts(accountId, row['now'] as Date, row['id'] === null ? undefined : row, holds, records);
  }

  private async write(transaction: Transaction, group: OperationGroup): Promise<void> {
    const { account, isNewAccount, entries, openedHolds, endedHolds, records } = group.changes();
    if (entries.length > 0) {
      // The account first: two that make the same account meet here, before either wrote anything else.
      if (isNewAccount) await this.insertAccount(transaction, account);
      else await this.updateAccount(transaction, account);
      if (openedHolds.length > 0) await this.insertHolds(transaction, openedHolds);
      if (endedHolds.length > 0) await this.updateEndedHolds(transaction, endedHolds);
      await this.insertEntries(transaction, entries);
    }
    if (records.length > 0) await this.insertRecords(transaction, records, group.now);
  }

  private async insertAccount(transaction: Transaction, account: AccountState): Promise<void> {
    await transaction.query(
      `INSERT INTO coin_accounts
         (id, balance, frozen, debt, is_blocked, journal_sequence, journal_hash, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        account.id,
        String(account.balance),
        String(account.frozen),
        String(account.debt),
        account.isBlocked,
        account.sequence,
        account.hash,
        account.updatedAt,
        account.updatedAt,
      ],
    );
  }

  private async updateAccount(transaction: Transaction, account: AccountState): Promise<void> {
    await transaction.query(
      `UPDATE coin_accounts
       SET balance = ?, frozen = ?, debt = ?, is_blocked = ?, journal_sequence = ?, journal_hash = ?, updated_at = ?
       WHERE id = ?`,
      [
        String(account.balance),
        String(account.frozen),
        String(account.debt),
        account.isBlocked,
        account.sequence,
        account.hash,
        account.updatedAt,
        account.id,
      ],
    );
  }

  private async insertHolds(transaction: Transaction, holds: readonly Hold[]): Promise<void> {
    await transaction.query(`INSERT INTO coin_holds (${HOLD_COLUMNS}) VALUES ?`, [holds.map(holdValues)]);
  }

  /** All in one statement: the rows are there, so that each is updated; when they expire is left as it is. */
  private async updateEndedHolds(transaction: Transaction, holds: readonly Hold[]): Promise<void> {
    await transaction.query(
      `INSERT INTO coin_holds (${HOLD_COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE
         status = VALUES(status), settled_amount = VALUES(settled_amount), debt_amount = VALUES(debt_amount),
         ended_sequence = VALUES(ended_sequence), ended_at = VALUES(ended_at)`,
      [holds.map(holdValues)],
    );
  }

  private async insertEntries(transaction: Transaction, entries: readonly JournalEntry[]): Promise<void> {
    const rows = entries.map((entry) => [
      entry.accountId,
      entry.sequence,
      entry.kind,
      String(entry.balanceDelta),
      String(entry.frozenDelta),
      String(entry.debtDelta),
      String(entry.balanceAfter),
      String(entry.frozenAfter),
      String(entry.debtAfter),
      entry.holdId,
      entry.reference,
      entry.actor,
      entry.reason,
      entry.note,
      entry.idempotencyKey,
      entry.createdAt,
      entry.hash,
    ]);
    await transaction.query(`INSERT INTO coin_journal (${JOURNAL_COLUMNS}) VALUES ?`, [rows]);
  }

  private async insertRecords(
    transaction: Transaction,
    records: readonly RecordedOperation[],
    now: Date,
  ): Promise<void> {
    const rows = records.map((record) => [
      record.accountId,
      record.idempotencyKey,
      record.kind,
      record.requestHash,
      JSON.stringify(record.outcome),
      now,
    ]);
    await transaction.query(
      `INSERT INTO coin_operations (account_id, idempotency_key, kind, request_hash, outcome, created_at) VALUES ?`,
      [rows],
    );
  }

  /** Moves the end of holds that are still open to `leaseMs` from now, never nearer. @returns how many there were. */
  async renewHolds(holdIds: readonly string[], leaseMs: number): Promise<number> {
    const result = await this.transactions.run((transaction) =>
      transaction.query<{ affectedRows: number }>(
        `UPDATE coin_holds
         SET expires_at = GREATEST(expires_at, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)
         WHERE id IN (?) AND status = 'open'`,
        [leaseMs * 1000, holdIds],
      ),
    );
    return result.affectedRows;
  }

  /**
   * Takes up to `limit` open holds whose time is up, for `claimMs`; those that another worker took, or is
   * taking now, are passed over. The holds themselves are not changed and their accounts not locked, so that
   * this waits for nobody.
   */
  async claimExpiredHolds(limit: number, claimMs: number): Promise<{ id: string; accountId: string }[]> {
    return this.transactions.run(async (transaction) => {
      const rows = await transaction.query<{ id: string; account_id: string }[]>(
        // The index gives the rows in order. Any other plan would sort, and so lock all that are overdue.
        `SELECT id, account_id FROM coin_holds FORCE INDEX (idx_coin_holds_expiry)
         WHERE status = 'open' AND expires_at <= UTC_TIMESTAMP(3)
           AND (expiry_claimed_until IS NULL OR expiry_claimed_until <= UTC_TIMESTAMP(3))
         ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [limit],
      );
      if (rows.length > 0) {
        await transaction.query(
          `UPDATE coin_holds SET expiry_claimed_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE id IN (?)`,
          [claimMs * 1000, rows.map((row) => row.id)],
        );
      }
      return rows.map((row) => ({ id: row.id, accountId: row.account_id }));
    });
  }

  /** The account as it stands, without a lock; undefined if nothing happened to it yet. */
  async findAccount(accountId: string): Promise<AccountState | undefined> {
    const [row] = await this.transactions.single.query<Record<string, unknown>[]>(
      `SELECT id, balance, frozen, debt, is_blocked, journal_sequence, journal_hash, updated_at
       FROM coin_accounts WHERE id = ?`,
      [accountId],
    );
    return row && toAccount(row);
  }
}

function holdValues(hold: Hold): unknown[] {
  return [
    hold.id,
    hold.accountId,
    String(hold.amount),
    hold.status,
    hold.settledAmount?.toString() ?? null,
    hold.debtAmount?.toString() ?? null,
    hold.purpose,
    hold.reference,
    hold.openedSequence,
    hold.endedSequence,
    hold.expiresAt,
    hold.createdAt,
    hold.endedAt,
  ];
}

function groupFacts(
  accountId: string,
  now: Date,
  account: Row | undefined,
  holds: readonly Row[],
  records: readonly Row[],
): GroupFacts {
  return {
    account: account ? toAccount(account) : emptyAccount(accountId),
    isKnown: account !== undefined,
    holds: holds.map(toHold),
    records: records.map(toRecordedOperation),
    now,
  };
}

function distinct(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values)].filter((value) => value !== undefined);
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
