import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { Row } from '../coin-account.rows.js';

/** What the last periodic reconciliation found: how many disagreements of each kind. */
export interface LastReconciliation {
  counts: Record<string, number>;
  finishedAt: Date;
}

const KEPT_DAYS = 30;
const MAX_FORGOTTEN_AT_ONCE = 1_000;

/** What the periodic reconciliations found, one row for each due time. */
@Injectable()
export class ReconciliationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Keeps what one found, and forgets old ones. A second try for a due time replaces the first. */
  async keep(dueAt: Date, counts: Record<string, number>): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO coin_reconciliations (due_at, started_at, finished_at, counts)
       VALUES (?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ?)
       ON DUPLICATE KEY UPDATE finished_at = VALUES(finished_at), counts = VALUES(counts)`,
      [dueAt, JSON.stringify(counts)],
    );
    await this.transactions.single.query(
      'DELETE FROM coin_reconciliations WHERE due_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
      [KEPT_DAYS, MAX_FORGOTTEN_AT_ONCE],
    );
  }

  /** The last one that came to its end; undefined if there is none yet. */
  async findLast(): Promise<LastReconciliation | undefined> {
    const [row] = await this.transactions.single.query<Row[]>(
      `SELECT counts, finished_at FROM coin_reconciliations WHERE finished_at IS NOT NULL
       ORDER BY finished_at DESC LIMIT 1`,
    );
    if (!row) return undefined;
    const { counts } = row;
    return {
      // MySQL's driver parses a JSON column; MariaDB's JSON is a text.
      counts: (typeof counts === 'string' ? JSON.parse(counts) : counts) as Record<string, number>,
      finishedAt: row['finished_at'] as Date,
    };
  }
}
