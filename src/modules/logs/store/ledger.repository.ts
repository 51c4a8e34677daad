import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { IntakeFate } from '../domain/intake.js';

/** Which entries are stored, as `log_entries` says. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly transactions: Transactions) {}

  /** The fates of those that are stored; the others are not in the result. */
  async fatesOf(receiptIds: readonly string[]): Promise<Map<string, IntakeFate>> {
    if (receiptIds.length === 0) return new Map();
    const rows = await this.transactions.single.query<{ id: string; quarantined_lines: number }[]>(
      'SELECT id, quarantined_lines FROM log_entries WHERE id IN (?)',
      [receiptIds],
    );
    return new Map(rows.map((row) => [row.id, row.quarantined_lines > 0 ? 'quarantined' : 'stored']));
  }
}
