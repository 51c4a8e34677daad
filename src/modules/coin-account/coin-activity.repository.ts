import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';
import type { Row } from './coin-account.rows.js';

/** What happened to an account after an entry of its journal. Amounts are micro-coins. */
export interface CoinTotals {
  /** Costs, penalties and debts that were paid. */
  spent: MicroCoins;
  /** What was granted. */
  received: MicroCoins;
  /** The last entry that is counted. */
  lastSequence: number;
  lastEntryAt: Date;
}

/** Which accounts changed, and by how much: for statistics. Reads without locks, in bounded pieces. */
@Injectable()
export class CoinActivity {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Looks through up to `limit` accounts with ids after `cursor` for those that changed at or after `since`.
   * @returns their ids, and where to go on; null at the end.
   */
  async changedAccounts(
    since: Date,
    cursor: string | null,
    limit: number,
  ): Promise<{ userIds: string[]; cursor: string | null }> {
    const after = cursor ?? '';
    // Without an index of times, which every charge would have to keep: the accounts are few beside their entries.
    const rows = await this.query(
      `SELECT id, updated_at >= ? AS is_changed FROM coin_accounts WHERE id > ? ORDER BY id LIMIT ?`,
      [since, after, limit],
    );
    const userIds = rows.filter((row) => Number(row['is_changed']) === 1).map((row) => row['id'] as string);
    const isLast = rows.length < limit;
    return { userIds, cursor: isLast ? null : ((rows.at(-1)?.['id'] as string | undefined) ?? null) };
  }

  /** Sums the entries of each account after the one given (0: all). Accounts without further ones are left out. */
  async totalsAfter(sequences: ReadonlyMap<string, number>): Promise<Map<string, CoinTotals>> {
    if (sequences.size === 0) return new Map();
    const wanted = [...sequences].map(() => 'SELECT ? AS id, ? AS after_sequence').join(' UNION ALL ');
    const rows = await this.query(
      `SELECT j.account_id, MAX(j.sequence) AS last_sequence, MAX(j.created_at) AS last_entry_at,
         SUM(IF(j.kind IN ('settle', 'penalty', 'debt_payment'), -j.balance_delta, 0)) AS spent,
         SUM(IF(j.kind = 'grant', j.balance_delta, 0)) AS received
       FROM (${wanted}) AS w
       JOIN coin_journal j ON j.account_id = CONVERT(w.id USING ascii) COLLATE ascii_bin
         AND j.sequence > w.after_sequence
       GROUP BY j.account_id`,
      [...sequences].flat(),
    );
    return new Map(rows.map((row) => [row['account_id'] as string, toTotals(row)]));
  }

  private query(sql: string, values: unknown[]): Promise<Row[]> {
    return this.transactions.single.query<Row[]>(sql, values);
  }
}

function toTotals(row: Row): CoinTotals {
  return {
    spent: BigInt(row['spent'] as string),
    received: BigInt(row['received'] as string),
    lastSequence: Number(row['last_sequence']),
    lastEntryAt: row['last_entry_at'] as Date,
  };
}
