import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../platform/database/index.js';
import {
  FACT_SELECT_LIST,
  pick,
  toAccount,
  toHold,
  toJournalEntry,
  toRecordedOperation,
} from './coin-account.rows.js';
import { type AccountState, emptyAccount } from './domain/account.js';
import type { Decision, Facts, RecordedOperation } from './domain/decision.js';
import type { Hold } from './domain/hold.js';
import type { JournalEntry } from './domain/journal.js';

/** One operation on one account: what it must know, and how it is decided. */
export interface Operation<R> {
  readonly accountId: string;
  readonly holdId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Pure: it may run several times, and only the last run counts. */
  readonly decide: (facts: Facts) => Decision<R>;
}

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

const JOURNAL_COLUMNS =
  'account_id, sequence, kind, balance_delta, frozen_delta, debt_delta, balance_after, frozen_after, debt_after, ' +
  'hold_id, reference, actor, reason, note, idempotency_key, created_at, hash';

/** Reads and writes the tables of the ledger. Nothing else does. */
@Injectable()
export class CoinAccountRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Runs one operation in one short transaction. Waits for others on the same account. */
  async execute<R>(operation: Operation<R>): Promise<Decision<R>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transactions.run(async (transaction) => {
          const facts = await this.lockFacts(transaction, operation);
          const decision = operation.decide(facts);
          await this.write(transaction, facts, decision);
          return decision;
        });
      } catch (error) {
        if (attempt >= MAX_DUPLICATE_KEY_ATTEMPTS || !isDuplicateKey(error)) throw error;
      }
    }
  }

  private async lockFacts(transaction: Transaction, operation: Operation<unknown>): Promise<Facts> {
    const { accountId, holdId = null, idempotencyKey = null } = operation;
    const [row] = await transaction.query<[Record<string, unknown>]>(SELECT_FACTS, [
      accountId,
      holdId,
      idempotencyKey,
    ]);
    const account = pick(row, 'a');
    const hold = pick(row, 'h');
    const recorded = pick(row, 'o');
    return {
      account: account ? toAccount(account) : emptyAccount(accountId),
      isKnown: account !== undefined,
      hold: hold && toHold(hold),
      recorded: recorded && toRecordedOperation(recorded),
      now: row['now'] as Date,
    };
  }

  private async write(transaction: Transaction, facts: Facts, decision: Decision<unknown>): Promise<void> {
    if (decision.kind === 'apply') await this.writeChange(transaction, facts, decision);
    if (decision.kind !== 'repeat' && decision.record) {
      await this.insertRecord(transaction, decision.record, facts.now);
    }
  }

  private async writeChange(
    transaction: Transaction,
    facts: Facts,
    change: Extract<Decision<unknown>, { kind: 'apply' }>,
  ): Promise<void> {
    // The account first: two that make the same account meet here, before either wrote anything else.
    if (facts.isKnown) await this.updateAccount(transaction, change.account);
    else await this.insertAccount(transaction, change.account);
    if (change.openedHold) await this.insertHold(transaction, change.openedHold);
    if (change.endedHold) await this.updateEndedHold(transaction, change.endedHold);
    await this.insertEntries(transaction, change.entries);
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
       SET balance = ?, frozen = ?, debt = ?, journal_sequence = ?, journal_hash = ?, updated_at = ? WHERE id = ?`,
      [
        String(account.balance),
        String(account.frozen),
        String(account.debt),
        account.sequence,
        account.hash,
        account.updatedAt,
        account.id,
      ],
    );
  }

  private async insertHold(transaction: Transaction, hold: Hold): Promise<void> {
    await transaction.query(
      `INSERT INTO coin_holds
         (id, account_id, amount, status, purpose, reference, opened_sequence, expires_at, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        hold.id,
        hold.accountId,
        String(hold.amount),
        hold.status,
        hold.purpose,
        hold.reference,
        hold.openedSequence,
        hold.expiresAt,
        hold.createdAt,
      ],
    );
  }

  private async updateEndedHold(transaction: Transaction, hold: Hold): Promise<void> {
    await transaction.query(
      `UPDATE coin_holds
       SET status = ?, settled_amount = ?, debt_amount = ?, ended_sequence = ?, ended_at = ? WHERE id = ?`,
      [
        hold.status,
        hold.settledAmount?.toString() ?? null,
        hold.debtAmount?.toString() ?? null,
        hold.endedSequence,
        hold.endedAt,
        hold.id,
      ],
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

  private async insertRecord(transaction: Transaction, record: RecordedOperation, now: Date): Promise<void> {
    await transaction.query(
      `INSERT INTO coin_operations (account_id, idempotency_key, kind, request_hash, outcome, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [
        record.accountId,
        record.idempotencyKey,
        record.kind,
        record.requestHash,
        JSON.stringify(record.outcome),
        now,
      ],
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

  /** Entries below `beforeSequence`, the newest first. */
  async findEntries(accountId: string, beforeSequence: number, limit: number): Promise<JournalEntry[]> {
    const rows = await this.transactions.single.query<Record<string, unknown>[]>(
      `SELECT ${JOURNAL_COLUMNS} FROM coin_journal
       WHERE account_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
      [accountId, beforeSequence, limit],
    );
    return rows.map(toJournalEntry);
  }
}
