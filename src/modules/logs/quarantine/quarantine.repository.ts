import { Injectable } from '@nestjs/common';
import {
  type BulkTransaction,
  BulkTransactions,
  isDataRefusal,
  Transactions,
} from '../../../platform/database/index.js';
import { DayChanges } from '../store/day-changes.js';
import { applyDayChanges, logsTable } from '../store/log-store.repository.js';
import { dayOfEntry, dayOfRow, type LogRow, toBatch } from '../store/store-batch.js';

/** What waits in quarantine for an operator. */
export interface QuarantinedItem {
  readonly id: string;
  readonly entryId: string;
  readonly kind: 'line' | 'entry';
  readonly lineCount: number;
  readonly content: string;
  readonly error: string;
  readonly createdAt: Date;
}

/** What came of a replay: the stored rows, or why they are still refused. */
export type ReplayOutcome =
  | { readonly kind: 'stored'; readonly rows: readonly LogRow[] }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown' };

/** A list shows so much of a content. */
const SHOWN_CHARACTERS = 10_000;
const MAX_ERROR_CHARACTERS = 1_000;
/** Operators act one at a time, so they need no slot of their own. */
const SLOT = 0;

/** What could not be stored. */
@Injectable()
export class QuarantineRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly bulk: BulkTransactions,
  ) {}

  /** The oldest first, after the one given. Of a long content the beginning. */
  async list(limit: number, afterId: string | undefined): Promise<QuarantinedItem[]> {
    const rows = await this.transactions.single.query<Record<string, unknown>[]>(
      `SELECT id, entry_id, kind, line_count, LEFT(content, ?) AS content, error, created_at
       FROM log_quarantine WHERE discarded_at IS NULL AND id > ? ORDER BY id LIMIT ?`,
      [SHOWN_CHARACTERS, afterId ?? '', limit],
    );
    return rows.map(toItem);
  }

  /** How many items there are; of more than `limit` just so many. */
  async count(limit: number): Promise<number> {
    const rows = await this.transactions.single.query<{ count: number | string }[]>(
      'SELECT COUNT(*) AS count FROM (SELECT 1 FROM log_quarantine WHERE discarded_at IS NULL LIMIT ?) items',
      [limit],
    );
    return Number(rows[0]?.count);
  }

  /** Whether it is still there to be replayed or discarded. */
  async has(id: string): Promise<boolean> {
    const rows = await this.transactions.single.query<unknown[]>(
      'SELECT 1 FROM log_quarantine WHERE id = ? AND discarded_at IS NULL',
      [id],
    );
    return rows.length > 0;
  }

  /** Stores what an item holds and takes it out of quarantine, in one transaction; or notes why it still cannot be. */
  async replay(id: string): Promise<ReplayOutcome> {
    try {
      return await this.bulk.run(async (transaction) => {
        const item = await take(transaction, id);
        if (!item) return { kind: 'unknown' };
        const rows = readRows(item);
        await transaction.insertRows(logsTable, rows, 'values');
        await this.moveToStored(transaction, item, rows);
        return { kind: 'stored', rows };
      });
    } catch (error) {
      if (!(error instanceof UnreadableError) && !isDataRefusal(error)) throw error;
      const reason = (error as Error).message.slice(0, MAX_ERROR_CHARACTERS);
      await this.transactions.single.query('UPDATE log_quarantine SET error = ? WHERE id = ?', [reason, id]);
      return { kind: 'refused', error: reason };
    }
  }

  /** Gives an item up. It can be looked up in the table until the retention is over. @returns false if it is not there. */
  discard(id: string, reason: string): Promise<boolean> {
    return this.bulk.run(async (transaction) => {
      const item = await take(transaction, id);
      if (!item) return false;
      await transaction.change(
        'UPDATE log_quarantine SET discarded_at = UTC_TIMESTAMP(3), discard_reason = ? WHERE id = ?',
        [reason, id],
      );
      const changes = new DayChanges();
      const day = dayOfEntry(item.entryId);
      changes.add(day, 'quarantined_lines', -item.lineCount);
      changes.add(day, 'discarded_lines', item.lineCount);
      await applyDayChanges(transaction, changes.list(), SLOT);
      return true;
    });
  }

  private async moveToStored(
    transaction: BulkTransaction,
    { id, entryId, lineCount }: QuarantinedItem,
    rows: readonly LogRow[],
  ): Promise<void> {
    await transaction.change('DELETE FROM log_quarantine WHERE id = ?', [id]);
    await transaction.change(
      `UPDATE log_entries SET stored_lines = stored_lines + ?, quarantined_lines = quarantined_lines - ?
       WHERE id = ?`,
      [lineCount, lineCount, entryId],
    );
    const changes = new DayChanges();
    for (const row of rows) changes.addLine(dayOfRow(row), row[3]);
    changes.add(dayOfEntry(entryId), 'quarantined_lines', -lineCount);
    await applyDayChanges(transaction, changes.list(), SLOT);
  }
}

/** The content is still not what can be stored. */
class UnreadableError extends Error {}

/** Locks an item, so that it is replayed or discarded once. */
async function take(transaction: BulkTransaction, id: string): Promise<QuarantinedItem | undefined> {
  const [row] = await transaction.select(
    `SELECT id, entry_id, kind, line_count, content, error, created_at FROM log_quarantine
     WHERE id = ? AND discarded_at IS NULL FOR UPDATE`,
    [id],
  );
  return row && toItem(row);
}

function readRows({ kind, entryId, lineCount, content }: QuarantinedItem): readonly LogRow[] {
  const text = kind === 'line' ? `[${content}]` : content;
  const { rows, refusals } = toBatch([
    { streamId: '', receiptId: entryId, lineCount, bytes: content.length, content: { kind: 'json', text } },
  ]);
  const [refusal] = refusals;
  if (refusal) throw new UnreadableError(refusal.error);
  return rows;
}

function toItem(row: Record<string, unknown>): QuarantinedItem {
  return {
    id: row['id'] as string,
    entryId: row['entry_id'] as string,
    kind: row['kind'] as 'line' | 'entry',
    lineCount: Number(row['line_count']),
    content: row['content'] as string,
    error: row['error'] as string,
    createdAt: row['created_at'] as Date,
  };
}
