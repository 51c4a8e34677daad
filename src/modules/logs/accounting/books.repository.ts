import { Injectable } from '@nestjs/common';
import { type BulkSession, BulkTransactions, Transactions } from '../../../platform/database/index.js';
import { partitionedTables } from '../store/partition.repository.js';

/** What became of accepted lines, as the database's sums say. */
export interface StoredSums {
  readonly storedLines: number;
  readonly quarantinedLines: number;
  readonly discardedLines: number;
  /** Of those stored: gone again with their day. */
  readonly droppedLines: number;
  readonly entries: number;
  readonly entryLines: number;
  readonly droppedEntryLines: number;
}

/** What the tables hold, counted, and the sums at the same moment. */
export interface CountedTables {
  readonly sums: StoredSums;
  readonly logRows: number;
  /** Lines of the entries in the ledger. */
  readonly ledgerLines: number;
  /** Lines in quarantine that are not discarded. */
  readonly refusedLines: number;
}

const SUMS_SQL = `SELECT COALESCE(SUM(stored_lines), 0) AS stored, COALESCE(SUM(quarantined_lines), 0) AS quarantined,
    COALESCE(SUM(discarded_lines), 0) AS discarded, COALESCE(SUM(dropped_lines), 0) AS dropped,
    COALESCE(SUM(entries), 0) AS entries, COALESCE(SUM(entry_lines), 0) AS entry_lines,
    COALESCE(SUM(dropped_entry_lines), 0) AS dropped_entry_lines
  FROM log_days`;

/** The books of the logs in the database. */
@Injectable()
export class BooksRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly bulk: BulkTransactions,
  ) {}

  /** The sums alone, which are a few rows for each day. */
  async sums(): Promise<StoredSums> {
    const [row] = await this.transactions.single.query<Record<string, unknown>[]>(SUMS_SQL);
    return toSums(row ?? {});
  }

  /** Counts the tables. That reads all of an index of each, and takes its time; writers go on meanwhile. */
  count(): Promise<CountedTables> {
    return this.bulk.session(async (session) => {
      await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
      const [sums] = await session.query(SUMS_SQL);
      return {
        sums: toSums(sums ?? {}),
        logRows: await this.countOf(session, `SELECT COUNT(*) AS count FROM ${partitionedTables[0]}`),
        ledgerLines: await this.countOf(
          session,
          `SELECT COALESCE(SUM(stored_lines + quarantined_lines), 0) AS count FROM ${partitionedTables[1]}`,
        ),
        refusedLines: await this.countOf(
          session,
          'SELECT COALESCE(SUM(line_count), 0) AS count FROM log_quarantine WHERE discarded_at IS NULL',
        ),
      };
    });
  }

  private async countOf(session: BulkSession, sql: string): Promise<number> {
    const [row] = await session.query(sql);
    return Number(row?.['count']);
  }
}

function toSums(row: Record<string, unknown>): StoredSums {
  return {
    storedLines: Number(row['stored']),
    quarantinedLines: Number(row['quarantined']),
    discardedLines: Number(row['discarded']),
    droppedLines: Number(row['dropped']),
    entries: Number(row['entries']),
    entryLines: Number(row['entry_lines']),
    droppedEntryLines: Number(row['dropped_entry_lines']),
  };
}
