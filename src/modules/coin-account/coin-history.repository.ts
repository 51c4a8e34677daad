import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';
import { type Row, toHold, toJournalEntry, toRecordedOperation } from './coin-account.rows.js';
import { type Hold, type HoldStatus, holdStatuses } from './domain/hold.js';
import type { EntryKind, JournalEntry } from './domain/journal.js';

/** Entries from number `from` to before number `before`. */
export interface SequenceRange {
  from: number;
  before: number;
}

export interface SpentHold {
  id: string;
  accountId: string;
}

export interface EntryFilter {
  kind?: EntryKind | undefined;
  reference?: string | undefined;
}

/** Names an operation on an account. */
export interface AccountKey {
  accountId: string;
  idempotencyKey: string;
}

/** Ids are lower-case hexadecimal. */
const AFTER_ALL_IDS = 'g';

/**
 * The first entry that was written at or after a time. Times never go back within an account and its numbers have
 * no gaps, so the time is found by halving the range: some twenty look-ups of the primary key, in one statement.
 */
const SELECT_FIRST_SINCE = `
  WITH RECURSIVE search (low, high) AS (
    SELECT CAST(1 AS SIGNED), CAST(? AS SIGNED)
    UNION ALL
    SELECT IF(j.created_at < ?, j.sequence + 1, s.low), IF(j.created_at < ?, s.high, j.sequence)
    FROM search s JOIN coin_journal j ON j.account_id = ? AND j.sequence = (s.low + s.high) DIV 2
    WHERE s.low < s.high
  )
  SELECT MAX(low) AS sequence FROM search`;

/** Reads what happened to accounts, page by page; every statement is a range of an index. */
@Injectable()
export class CoinHistoryRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The number of the account's last entry; 0 if there is none. */
  async lastSequence(accountId: string): Promise<number> {
    const [row] = await this.query('SELECT journal_sequence FROM coin_accounts WHERE id = ?', [accountId]);
    return Number(row?.['journal_sequence'] ?? 0);
  }

  /** The number of the first entry at or after `since`; one more than the last if there is none. */
  async firstSequenceSince(accountId: string, since: Date, lastSequence: number): Promise<number> {
    const [row] = await this.query(SELECT_FIRST_SINCE, [lastSequence + 1, since, since, accountId]);
    return Number(row?.['sequence'] ?? 1);
  }

  /** The newest `limit` entries of the range that fit the filter, the newest first. */
  async findEntries(
    accountId: string,
    range: SequenceRange,
    { kind, reference }: EntryFilter,
    limit: number,
  ): Promise<JournalEntry[]> {
    const conditions = [
      'account_id = ? AND sequence >= ? AND sequence < ?',
      ...(kind === undefined ? [] : ['kind = ?']),
      ...(reference === undefined ? [] : ['reference = ?']),
    ];
    const rows = await this.query(
      `SELECT * FROM coin_journal WHERE ${conditions.join(' AND ')} ORDER BY sequence DESC LIMIT ?`,
      [
        accountId,
        range.from,
        range.before,
        ...[kind, reference].filter((value) => value !== undefined),
        limit,
      ],
    );
    return rows.map(toJournalEntry);
  }

  /** All entries of the range, the oldest first. */
  async readEntries(accountId: string, { from, before }: SequenceRange): Promise<JournalEntry[]> {
    const rows = await this.query(
      'SELECT * FROM coin_journal WHERE account_id = ? AND sequence >= ? AND sequence < ? ORDER BY sequence',
      [accountId, from, before],
    );
    return rows.map(toJournalEntry);
  }

  /** Holds with ids below `beforeId`, the highest id first: the newest, as the ids of turns grow with time. */
  async findHolds(
    accountId: string,
    status: HoldStatus | undefined,
    beforeId: string | undefined,
    limit: number,
  ): Promise<Hold[]> {
    const statuses = status === undefined ? holdStatuses : [status];
    const before = beforeId ?? AFTER_ALL_IDS;
    // The index has the ids in order within each status: a range of each, so that nothing else is read.
    const ofOneStatus = `(SELECT * FROM coin_holds FORCE INDEX (idx_coin_holds_account_status)
       WHERE account_id = ? AND status = ? AND id < ? ORDER BY id DESC LIMIT ?)`;
    const rows = await this.query(
      `${statuses.map(() => ofOneStatus).join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`,
      [...statuses.flatMap((each) => [accountId, each, before, limit]), limit],
    );
    return rows.map(toHold);
  }

  async findHoldsById(holdIds: readonly string[]): Promise<Hold[]> {
    if (holdIds.length === 0) return [];
    return (await this.query('SELECT * FROM coin_holds WHERE id IN (?)', [holdIds])).map(toHold);
  }

  async findPenalized(holdIds: readonly string[]): Promise<Set<string>> {
    if (holdIds.length === 0) return new Set();
    const rows = await this.query(
      `SELECT DISTINCT h.id FROM coin_holds h
       JOIN coin_journal p ON p.account_id = h.account_id AND p.kind = 'penalty' AND p.sequence > h.opened_sequence
         AND p.hold_id = h.id
       WHERE h.id IN (?)`,
      [holdIds],
    );
    return new Set(rows.map((row) => row['id'] as string));
  }

  /** A penalty that releases its hold stands right after the release. */
  async findSpentHolds(request: {
    purpose: string;
    ageMs: number;
    afterId: string;
    limit: number;
  }): Promise<SpentHold[]> {
    const rows = await this.query(
      `SELECT h.id, h.account_id FROM coin_holds h
       LEFT JOIN coin_journal p ON p.account_id = h.account_id AND p.sequence = h.ended_sequence + 1
         AND p.kind = 'penalty' AND p.hold_id = h.id AND p.actor = 'system'
       WHERE h.id > ? AND h.purpose = ? AND h.ended_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND
         AND (h.status = 'settled' OR p.sequence IS NOT NULL)
       ORDER BY h.id LIMIT ?`,
      [request.afterId, request.purpose, request.ageMs * 1_000, request.limit],
    );
    return rows.map((row) => ({ id: row['id'] as string, accountId: row['account_id'] as string }));
  }

  /** What was charged for settled holds within a period, each account from the entry after `afterSequence` on. */
  async sumSettled(
    accounts: readonly { accountId: string; afterSequence: number }[],
    { from, to }: { from: Date; to: Date },
  ): Promise<{ accountId: string; spent: bigint }[]> {
    if (accounts.length === 0) return [];
    const ofOneAccount = `(SELECT account_id, SUM(debt_delta - balance_delta) AS spent
       FROM coin_journal FORCE INDEX (idx_coin_journal_kind)
       WHERE account_id = ? AND kind = 'settle' AND sequence > ? AND created_at >= ? AND created_at < ?
       GROUP BY account_id)`;
    const rows = await this.query(
      accounts.map(() => ofOneAccount).join(' UNION ALL '),
      accounts.flatMap(({ accountId, afterSequence }) => [accountId, afterSequence, from, to]),
    );
    return rows.map((row) => ({
      accountId: row['account_id'] as string,
      spent: BigInt(row['spent'] as string),
    }));
  }

  async findGranted(keys: readonly AccountKey[]): Promise<Map<string, MicroCoins>> {
    if (keys.length === 0) return new Map();
    const rows = await this.query(
      `SELECT * FROM coin_operations
       WHERE kind = 'grant' AND (${keys.map(() => '(account_id = ? AND idempotency_key = ?)').join(' OR ')})`,
      keys.flatMap(({ accountId, idempotencyKey }) => [accountId, idempotencyKey]),
    );
    return new Map(
      rows.map(toRecordedOperation).flatMap(({ idempotencyKey, outcome }) => {
        const amount = 'result' in outcome ? outcome.result['amount'] : undefined;
        return amount === undefined ? [] : [[idempotencyKey, BigInt(amount)] as const];
      }),
    );
  }

  private query(sql: string, values: unknown[]): Promise<Row[]> {
    return this.transactions.single.query<Row[]>(sql, values);
  }
}
