import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { type Row, toJournalEntry } from '../coin-account.rows.js';
import type { ChainHead } from '../domain/chain.js';
import type { JournalEntry } from '../domain/journal.js';

/** One entry's place among those of all accounts. */
export interface EntryPlace {
  accountId: string;
  sequence: number;
}

/** Reads journals from their beginnings, in the order of the primary key. */
@Injectable()
export class ChainRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Heads of accounts with ids above `after`, in the order of their ids. */
  async findHeads(after: string, limit: number): Promise<Map<string, ChainHead>> {
    const rows = await this.query(
      'SELECT id, journal_sequence, journal_hash FROM coin_accounts WHERE id > ? ORDER BY id LIMIT ?',
      [after, limit],
    );
    return new Map(rows.map((row) => [row['id'] as string, toHead(row)]));
  }

  async findHead(accountId: string): Promise<ChainHead | undefined> {
    const [row] = await this.query('SELECT journal_sequence, journal_hash FROM coin_accounts WHERE id = ?', [
      accountId,
    ]);
    return row && toHead(row);
  }

  /** The next entries after `place`, of accounts up to `upTo`. */
  async findEntries(
    { accountId, sequence }: EntryPlace,
    upTo: string,
    limit: number,
  ): Promise<JournalEntry[]> {
    const rows = await this.query(
      // Two ranges of the primary key; a comparison of pairs would be none.
      `SELECT * FROM coin_journal
       WHERE (account_id = ? AND sequence > ?) OR (account_id > ? AND account_id <= ?)
       ORDER BY account_id, sequence LIMIT ?`,
      [accountId, sequence, accountId, upTo, limit],
    );
    return rows.map(toJournalEntry);
  }

  private query(sql: string, values: unknown[]): Promise<Row[]> {
    return this.transactions.single.query<Row[]>(sql, values);
  }
}

function toHead(row: Row): ChainHead {
  return { sequence: Number(row['journal_sequence']), hash: row['journal_hash'] as Buffer };
}
