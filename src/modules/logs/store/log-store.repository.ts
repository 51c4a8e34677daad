import { Injectable } from '@nestjs/common';
import {
  type BulkPath,
  type BulkTable,
  type BulkTransaction,
  BulkTransactions,
  isDataRefusal,
  isDuplicateKey,
  LoadRefusedError,
  RowsAlteredError,
} from '../../../platform/database/index.js';
import { newId } from '../../../shared/ids.js';
import type { QueuedEntry } from '../queue/log-consumer.js';
import { logLevels } from '../domain/log-line.js';
import { type DayChange, DayChanges, levelColumns, sumColumns } from './day-changes.js';
import {
  dayOfEntry,
  dayOfRow,
  type LogRow,
  type Refusal,
  refusalOfRow,
  type StoreBatch,
  type TextBatch,
} from './store-batch.js';

/** The columns in the order of a `LogRow`. */
export const logsTable: BulkTable = {
  name: 'logs',
  columns: ['id', 'created_at', 'device_id', 'log_level', 'message', 'log_data', 'trace_id', 'span_id'],
};
const MAX_ERROR_CHARACTERS = 1_000;

/** What a transaction has stored. */
export interface StoreOutcome {
  readonly storedLines: number;
  /** Of these lines. */
  readonly rows: readonly LogRow[];
  readonly quarantinedLines: number;
}

/** Another transaction has stored one of the entries. */
class StoredBeforeError extends Error {}

/** Writes lines, the ledger of their entries and the sums of both, in one transaction. */
@Injectable()
export class LogStoreRepository {
  /** Which way rows go; undefined: the fastest that the server offers. */
  path: BulkPath | undefined;

  constructor(private readonly bulk: BulkTransactions) {}

  /** Which of these entries are stored already. */
  async findStored(receiptIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.bulk.run((transaction) =>
      transaction.select('SELECT id FROM log_entries WHERE id IN (?)', [receiptIds]),
    );
    return new Set(rows.map((row) => row['id'] as string));
  }

  /**
   * Stores all lines of a batch without looking at them, and notes its entries as stored. `slot` as for `store`.
   * @returns false, with nothing done, if that cannot be: a line is refused, an entry was stored before, or the server
   *   does not load. `store` then does it line by line.
   * @throws the driver's error if the database is away.
   */
  async storeTexts(batch: TextBatch, slot: number): Promise<boolean> {
    if (this.path === 'values') return false;
    try {
      await this.bulk.run(async (transaction) => {
        await insertLedger(transaction, batch, []);
        await transaction.loadTexts(logsTable, batch.texts, batch.lineCount);
        await applyDayChanges(transaction, changesOfTexts(batch), slot);
      });
      return true;
    } catch (error) {
      const isLeftToStore = error instanceof StoredBeforeError || error instanceof LoadRefusedError;
      if (!isLeftToStore && !isRefusalOfRows(error)) throw error;
      return false;
    }
  }

  /**
   * Stores all lines of a batch, or puts those that the database refuses in quarantine, and notes its entries as stored.
   * `slot` chooses the rows of the sums: writers with different ones do not wait for each other.
   * @returns undefined, with nothing done, if an entry of it was stored before: leave it out and store the others.
   * @throws the driver's error if the database is away.
   */
  async store(batch: StoreBatch, slot: number): Promise<StoreOutcome | undefined> {
    try {
      return await this.bulk.run((transaction) => this.storeWhole(transaction, batch, slot));
    } catch (error) {
      if (error instanceof StoredBeforeError) return undefined;
      if (!isRefusalOfRows(error)) throw error;
    }
    try {
      return await this.bulk.run((transaction) => this.storeBisecting(transaction, batch, slot));
    } catch (error) {
      if (error instanceof StoredBeforeError) return undefined;
      throw error;
    }
  }

  /** The usual case: no row is refused. */
  private async storeWhole(
    transaction: BulkTransaction,
    batch: StoreBatch,
    slot: number,
  ): Promise<StoreOutcome> {
    await insertLedger(transaction, batch, batch.refusals);
    await transaction.insertRows(logsTable, batch.rows, this.path);
    return finish(transaction, batch, batch.rows, batch.refusals, slot);
  }

  /** Finds the rows that are refused by halves. */
  private async storeBisecting(
    transaction: BulkTransaction,
    batch: StoreBatch,
    slot: number,
  ): Promise<StoreOutcome> {
    // Whoever stores one of these entries at the same time waits here, rather than at its rows.
    await insertLedger(transaction, batch, []);
    const refusals = [...batch.refusals];
    const stored: LogRow[] = [];
    const insert = async (from: number, to: number): Promise<void> => {
      const rows = batch.rows.slice(from, to);
      await transaction.change('SAVEPOINT rows_tried', []);
      try {
        await transaction.insertRows(logsTable, rows, 'values');
        stored.push(...rows);
      } catch (error) {
        if (!isDataRefusal(error)) throw error;
        await transaction.change('ROLLBACK TO SAVEPOINT rows_tried', []);
        if (to - from === 1) {
          refusals.push(refusalOfRow(batch.receiptOf[from] as string, rows[0] as LogRow, messageOf(error)));
          return;
        }
        const middle = (from + to) >> 1;
        await insert(from, middle);
        await insert(middle, to);
      }
    };
    await inParts(batch.rows.length, insert);
    await correctLedger(transaction, refusals);
    return finish(transaction, batch, stored, refusals, slot);
  }
}

/** What one bad row makes the database do again. */
const BISECTED_ROWS = 500;

async function inParts(count: number, work: (from: number, to: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += BISECTED_ROWS) {
    await work(from, Math.min(from + BISECTED_ROWS, count));
  }
}

function isRefusalOfRows(error: unknown): boolean {
  return error instanceof RowsAlteredError || isDataRefusal(error);
}

/** @throws StoredBeforeError */
async function insertLedger(
  transaction: BulkTransaction,
  { entries }: Pick<StoreBatch, 'entries'>,
  refusals: readonly Refusal[],
): Promise<void> {
  const refused = countRefused(refusals);
  const values = entries.map(({ receiptId, lineCount }) => {
    const quarantined = refused.get(receiptId) ?? 0;
    return [receiptId, lineCount - quarantined, quarantined];
  });
  const sql = `INSERT INTO log_entries (id, stored_lines, quarantined_lines, stored_at)
    VALUES ${values.map(() => '(?, UTC_TIMESTAMP(3))').join(', ')}`;
  try {
    await transaction.change(sql, values);
  } catch (error) {
    if (isDuplicateKey(error)) throw new StoredBeforeError();
    throw error;
  }
}

async function correctLedger(transaction: BulkTransaction, refusals: readonly Refusal[]): Promise<void> {
  for (const [receiptId, count] of countRefused(refusals)) {
    await transaction.change(
      'UPDATE log_entries SET stored_lines = stored_lines - ?, quarantined_lines = ? WHERE id = ?',
      [count, count, receiptId],
    );
  }
}

function countRefused(refusals: readonly Refusal[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { receiptId, lineCount } of refusals) {
    counts.set(receiptId, (counts.get(receiptId) ?? 0) + lineCount);
  }
  return counts;
}

/** Quarantine and sums, the last of a transaction: the rows of the sums are held for the shortest time. */
async function finish(
  transaction: BulkTransaction,
  batch: StoreBatch,
  stored: readonly LogRow[],
  refusals: readonly Refusal[],
  slot: number,
): Promise<StoreOutcome> {
  for (const refusal of refusals) await insertRefusal(transaction, refusal);
  const changes = new DayChanges();
  for (const row of stored) changes.addLine(dayOfRow(row), row[3]);
  countEntries(changes, batch.entries);
  let quarantinedLines = 0;
  for (const { receiptId, lineCount } of refusals) {
    changes.add(dayOfEntry(receiptId), 'quarantined_lines', lineCount);
    quarantinedLines += lineCount;
  }
  await applyDayChanges(transaction, changes.list(), slot);
  return { storedLines: stored.length, rows: stored, quarantinedLines };
}

function countEntries(changes: DayChanges, entries: readonly QueuedEntry[]): void {
  for (const { receiptId, lineCount } of entries) {
    const day = dayOfEntry(receiptId);
    changes.add(day, 'entries', 1);
    changes.add(day, 'entry_lines', lineCount);
  }
}

function changesOfTexts({ entries, summaries }: TextBatch): DayChange[] {
  const changes = new DayChanges();
  for (const { days } of summaries) {
    for (const [day, counts] of days) {
      logLevels.forEach((level, index) => {
        const count = counts[index] ?? 0;
        changes.add(day, 'stored_lines', count);
        changes.add(day, levelColumns[level], count);
      });
    }
  }
  countEntries(changes, entries);
  return changes.list();
}

async function insertRefusal(transaction: BulkTransaction, refusal: Refusal): Promise<void> {
  const { receiptId, kind, lineCount, content, error } = refusal;
  await transaction.change(
    `INSERT INTO log_quarantine (id, entry_id, kind, line_count, content, error, created_at)
     VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [newId(), receiptId, kind, lineCount, content, error.slice(0, MAX_ERROR_CHARACTERS)],
  );
}

/** Adds to the sums, in the order of the days, so that two transactions cannot wait for each other. */
export async function applyDayChanges(
  transaction: BulkTransaction,
  changes: readonly DayChange[],
  slot: number,
): Promise<void> {
  if (changes.length === 0) return;
  const values = changes.map(({ day, sums }) => [day, slot, ...sumColumns.map((column) => sums[column])]);
  await transaction.change(
    `INSERT INTO log_days (day, slot, ${sumColumns.join(', ')})
     VALUES ? ON DUPLICATE KEY UPDATE ${sumColumns.map((column) => `${column} = ${column} + VALUES(${column})`).join(', ')}`,
    [values],
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
