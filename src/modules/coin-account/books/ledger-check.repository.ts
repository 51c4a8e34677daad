import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { Row } from '../coin-account.rows.js';
import type { Disagreement } from './book-checks.js';

/** Accounts with ids above `after`, up to `upTo`. */
export interface AccountRange {
  after: string;
  upTo: string;
}

/** Disagreements of one kind: all of them counted, some of them shown. */
export interface Found {
  count: number;
  examples: Disagreement[];
}

/** Ids are lower-case hexadecimal: this is above all of them. */
const ABOVE_ALL_IDS = 'g';

/*
 * Each statement reads one state of the database, in which every operation is either complete or not begun. So the
 * service may work while they run.
 */

const SELECT_ACCOUNTS = `
  SELECT a.id, a.balance, a.frozen, a.debt, a.journal_sequence, a.is_blocked,
    COALESCE(j.balance, 0) AS journal_balance, COALESCE(j.frozen, 0) AS journal_frozen,
    COALESCE(j.debt, 0) AS journal_debt, COALESCE(j.entries, 0) AS entries, COALESCE(j.last, 0) AS last_sequence,
    COALESCE(h.amount, 0) AS held,
    COALESCE((SELECT b.kind FROM coin_journal b WHERE b.account_id = a.id AND b.kind IN ('block', 'unblock')
      ORDER BY b.sequence DESC LIMIT 1), 'unblock') = 'block' AS was_blocked
  FROM coin_accounts a
  LEFT JOIN (
    SELECT account_id, SUM(balance_delta) AS balance, SUM(frozen_delta) AS frozen, SUM(debt_delta) AS debt,
      COUNT(*) AS entries, MAX(sequence) AS last
    FROM coin_journal WHERE account_id > ? AND account_id <= ? GROUP BY account_id
  ) j ON j.account_id = a.id
  LEFT JOIN (
    SELECT account_id, SUM(amount) AS amount FROM coin_holds
    WHERE account_id > ? AND account_id <= ? AND status = 'open' GROUP BY account_id
  ) h ON h.account_id = a.id
  WHERE a.id > ? AND a.id <= ?
  HAVING balance <> journal_balance OR frozen <> journal_frozen OR debt <> journal_debt
    OR journal_sequence <> entries OR journal_sequence <> last_sequence OR frozen <> held
    OR is_blocked <> was_blocked`;

const MISSING_ACCOUNTS = `
  SELECT j.account_id, 'account' AS subject, 'has a journal but no account' AS detail
  FROM (SELECT account_id FROM coin_journal WHERE account_id > ? AND account_id <= ? GROUP BY account_id) j
  LEFT JOIN coin_accounts a ON a.id = j.account_id WHERE a.id IS NULL`;

const BAD_OPENINGS = `
  SELECT h.account_id, CONCAT('hold ', h.id) AS subject,
    CONCAT('entry ', h.opened_sequence, ' is not the opening of this hold') AS detail
  FROM coin_holds h
  LEFT JOIN coin_journal e ON e.account_id = h.account_id AND e.sequence = h.opened_sequence
  WHERE h.account_id > ? AND h.account_id <= ?
    AND NOT (e.kind <=> 'hold' AND e.hold_id <=> h.id AND e.frozen_delta <=> h.amount
      AND e.balance_delta <=> 0 AND e.debt_delta <=> 0)`;

const BAD_ENDINGS = `
  SELECT h.account_id, CONCAT('hold ', h.id) AS subject,
    CONCAT('is ', h.status, ', and entry ', COALESCE(h.ended_sequence, 'none'), ' does not say so') AS detail
  FROM coin_holds h
  LEFT JOIN coin_journal e ON e.account_id = h.account_id AND e.sequence = h.ended_sequence
  WHERE h.account_id > ? AND h.account_id <= ?
    AND NOT CASE h.status
      WHEN 'open' THEN h.ended_sequence IS NULL AND h.settled_amount IS NULL
      WHEN 'settled' THEN e.kind <=> 'settle' AND e.hold_id <=> h.id AND e.frozen_delta <=> -h.amount
        AND e.debt_delta <=> h.debt_amount AND e.balance_delta <=> h.debt_amount - h.settled_amount
      ELSE e.kind <=> CASE h.status WHEN 'released' THEN 'release' WHEN 'expired' THEN 'expire' END
        AND e.hold_id <=> h.id AND e.frozen_delta <=> -h.amount AND e.balance_delta <=> 0 AND e.debt_delta <=> 0
        AND h.settled_amount IS NULL
    END`;

const ENTRIES_WITHOUT_HOLD = `
  SELECT j.account_id, CONCAT('entry ', j.sequence) AS subject,
    CONCAT('is the ', j.kind, ' of hold ', COALESCE(j.hold_id, 'none'), ', which does not name it') AS detail
  FROM coin_journal j LEFT JOIN coin_holds h ON h.id = j.hold_id
  WHERE j.account_id > ? AND j.account_id <= ? AND j.kind IN ('hold', 'settle', 'release', 'expire')
    AND NOT (h.account_id <=> j.account_id
      AND IF(j.kind = 'hold', h.opened_sequence, h.ended_sequence) <=> j.sequence)`;

const LISTS = {
  account_missing: MISSING_ACCOUNTS,
  hold_opening: BAD_OPENINGS,
  hold_ending: BAD_ENDINGS,
  entry_without_hold: ENTRIES_WITHOUT_HOLD,
};
export type ListedKind = keyof typeof LISTS;
export const listedKinds = Object.keys(LISTS) as ListedKind[];

/** An account that disagrees with its journal or its holds. Amounts are decimal strings of micro-coins. */
export interface UnbalancedAccount {
  id: string;
  balance: string;
  frozen: string;
  debt: string;
  lastSequence: string;
  isBlocked: boolean;
  journal: { balance: string; frozen: string; debt: string; entries: string; lastSequence: string };
  held: string;
  wasBlocked: boolean;
}

/** Compares the tables of the ledger with each other, inside the database. */
@Injectable()
export class LedgerCheckRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The next `size` accounts above `after`; the last range reaches up to the end. */
  async nextRange(
    after: string,
    size: number,
  ): Promise<{ range: AccountRange; accounts: number; isLast: boolean }> {
    const rows = await this.query('SELECT id FROM coin_accounts WHERE id > ? ORDER BY id LIMIT ?', [
      after,
      size,
    ]);
    const isLast = rows.length < size;
    const upTo = isLast ? ABOVE_ALL_IDS : (rows.at(-1)?.['id'] as string);
    return { range: { after, upTo }, accounts: rows.length, isLast };
  }

  async findUnbalanced({ after, upTo }: AccountRange): Promise<UnbalancedAccount[]> {
    const rows = await this.query(SELECT_ACCOUNTS, [after, upTo, after, upTo, after, upTo]);
    return rows.map((row) => ({
      id: row['id'] as string,
      balance: String(row['balance']),
      frozen: String(row['frozen']),
      debt: String(row['debt']),
      lastSequence: String(row['journal_sequence']),
      isBlocked: Number(row['is_blocked']) === 1,
      journal: {
        balance: String(row['journal_balance']),
        frozen: String(row['journal_frozen']),
        debt: String(row['journal_debt']),
        entries: String(row['entries']),
        lastSequence: String(row['last_sequence']),
      },
      held: String(row['held']),
      wasBlocked: Number(row['was_blocked']) === 1,
    }));
  }

  async find(kind: ListedKind, { after, upTo }: AccountRange, maxExamples: number): Promise<Found> {
    const rows = await this.query(
      `SELECT found.*, COUNT(*) OVER () AS total FROM (${LISTS[kind]}) AS found LIMIT ?`,
      [after, upTo, maxExamples],
    );
    const examples = rows.map((row) => ({
      accountId: row['account_id'] as string,
      subject: row['subject'] as string,
      detail: row['detail'] as string,
    }));
    return { count: Number(rows[0]?.['total'] ?? 0), examples };
  }

  private query(sql: string, values: unknown[]): Promise<Row[]> {
    return this.transactions.single.query<Row[]>(sql, values);
  }
}
