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

/** The periodic reconciliations, one row for each due time. The database's clock decides. */
@Injectable()
export class ReconciliationRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Takes the reconciliation that is due now. @returns its due time, or undefined if another worker has it. */
  async claim(intervalMs: number): Promise<Date | undefined> {
    const seconds = Math.ceil(intervalMs / 1000);
    return this.transactions.run(async (transaction) => {
      const [row] = await transaction.query<[{ due_at: Date }]>(
        `SELECT '1970-01-01 00:00:00.000' + INTERVAL
           FLOOR(TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) / ?) * ? SECOND AS due_at`,
        [seconds, seconds],
      );
      const inserted = await transaction.query<{ affectedRows: number }>(
        'INSERT IGNORE INTO coin_reconciliations (due_at, started_at) VALUES (?, UTC_TIMESTAMP(3))',
        [row.due_at],
      );
      return inserted.affectedRows === 1 ? row.due_at : undefined;
    });
  }

  async finish(dueAt: Date, counts: Record<string, number>): Promise<void> {
    await this.transactions.single.query(
      'UPDATE coin_reconciliations SET finished_at = UTC_TIMESTAMP(3), counts = ? WHERE due_at = ?',
      [JSON.stringify(counts), dueAt],
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
