import { dayOf, isStorableTime, sqlTime, timeOfId } from '../domain/days.js';
import { packedLineFault, type PackedLine, unpackEntry } from '../domain/entry-payload.js';
import type { QueuedEntry } from '../queue/log-consumer.js';

/** One line on its way to the table: in the order of its columns. */
export type LogRow = readonly [
  id: string,
  createdAt: string,
  deviceId: string,
  logLevel: string,
  message: string,
  logData: string | null,
  traceId: string | null,
  spanId: string | null,
];

/** What cannot be stored, and why. */
export interface Refusal {
  readonly receiptId: string;
  readonly kind: 'line' | 'entry';
  readonly lineCount: number;
  readonly content: string;
  readonly error: string;
}

/** Lines of one or more entries that are stored together. */
export interface StoreBatch {
  readonly entries: readonly QueuedEntry[];
  readonly rows: readonly LogRow[];
  /** The entry of each row. */
  readonly receiptOf: readonly string[];
  /** What need not be tried: it is not even a line. */
  readonly refusals: readonly Refusal[];
}

/** An entry's text in quarantine is cut here; it is not one that we wrote, or it would be readable. */
const MAX_CONTENT_CHARACTERS = 4_000_000;

/** Reads entries into rows. An entry that cannot be read is refused whole, a line that is none by itself. */
export function toBatch(entries: readonly QueuedEntry[]): StoreBatch {
  const rows: LogRow[] = [];
  const receiptOf: string[] = [];
  const refusals: Refusal[] = [];
  for (const entry of entries) {
    const lines = readLines(entry, refusals);
    for (const line of lines) {
      const fault = packedLineFault(line) ?? timeFault(line as PackedLine);
      if (fault !== undefined) {
        refusals.push(refusalOf(entry.receiptId, 'line', 1, JSON.stringify(line), fault));
        continue;
      }
      const [id, createdAtMs, ...rest] = line as PackedLine;
      rows.push([id, sqlTime(createdAtMs), ...rest]);
      receiptOf.push(entry.receiptId);
    }
  }
  return { entries, rows, receiptOf, refusals };
}

function readLines(entry: QueuedEntry, refusals: Refusal[]): unknown[] {
  try {
    return unpackEntry(entry.payload, entry.lineCount);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    refusals.push(refusalOf(entry.receiptId, 'entry', entry.lineCount, entry.payload, reason));
    return [];
  }
}

function timeFault([, createdAtMs]: PackedLine): string | undefined {
  return isStorableTime(createdAtMs) ? undefined : 'The time is outside of the years 1000 to 9999.';
}

function refusalOf(
  receiptId: string,
  kind: Refusal['kind'],
  lineCount: number,
  content: string,
  error: string,
): Refusal {
  if (content.length <= MAX_CONTENT_CHARACTERS) return { receiptId, kind, lineCount, content, error };
  return {
    receiptId,
    kind,
    lineCount,
    content: content.slice(0, MAX_CONTENT_CHARACTERS),
    error: `${error} (The content is cut: it had ${content.length} characters.)`,
  };
}

/** The refusal of a row that the database does not take. */
export function refusalOfRow(receiptId: string, row: LogRow, error: string): Refusal {
  const [id, createdAt, ...rest] = row;
  const line = [id, Date.parse(`${createdAt.replace(' ', 'T')}Z`), ...rest];
  return refusalOf(receiptId, 'line', 1, JSON.stringify(line), error);
}

/** The day on which an entry was accepted; an entry that is not ours counts as of today. */
export function dayOfEntry(receiptId: string): string {
  return dayOf(timeOfId(receiptId) ?? Date.now());
}

export function dayOfRow(row: LogRow): string {
  return row[1].slice(0, 10);
}
