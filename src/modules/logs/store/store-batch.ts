import { dayOf, isStorableTime, sqlTime, timeOfId } from '../domain/days.js';
import { packedLineFault, type PackedLine, unpackEntry } from '../domain/entry-payload.js';
import type { LogLevel, LogLine } from '../domain/log-line.js';
import type { QueuedEntry } from '../queue/log-consumer.js';
import { type EntrySummary, rowFault, unpackRows } from './entry-rows.js';

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

/** Lines of one or more entries that the database can load as they are. */
export interface TextBatch {
  readonly entries: readonly QueuedEntry[];
  readonly texts: readonly string[];
  readonly summaries: readonly EntrySummary[];
  readonly lineCount: number;
}

/** The batch of entries that nobody has to look into; undefined if there is one that somebody must. */
export function toTextBatch(entries: readonly QueuedEntry[]): TextBatch | undefined {
  const texts: string[] = [];
  const summaries: EntrySummary[] = [];
  let lineCount = 0;
  for (const entry of entries) {
    const { content } = entry;
    if (content.kind !== 'rows' || !content.summary) return undefined;
    texts.push(content.text);
    summaries.push(content.summary);
    lineCount += entry.lineCount;
  }
  return { entries, texts, summaries, lineCount };
}

/** Reads entries into rows. An entry that cannot be read is refused whole, a line that is none by itself. */
export function toBatch(entries: readonly QueuedEntry[]): StoreBatch {
  const rows: LogRow[] = [];
  const receiptOf: string[] = [];
  const refusals: Refusal[] = [];
  for (const entry of entries) {
    for (const { row, line, fault } of readLines(entry, refusals)) {
      if (fault === undefined) {
        rows.push(row);
        receiptOf.push(entry.receiptId);
      } else refusals.push(refusalOf(entry.receiptId, 'line', 1, JSON.stringify(line), fault));
    }
  }
  return { entries, rows, receiptOf, refusals };
}

/** A line as it was found: a row, or why it is none. */
type ReadLine =
  | { readonly row: LogRow; readonly line?: unknown; readonly fault?: undefined }
  | { readonly row?: undefined; readonly line: unknown; readonly fault: string };

function readLines({ receiptId, lineCount, content }: QueuedEntry, refusals: Refusal[]): ReadLine[] {
  const { text } = content;
  try {
    return content.kind === 'rows'
      ? unpackRows(text, lineCount).map(readRow)
      : unpackEntry(text, lineCount).map(readPackedLine);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    refusals.push(refusalOf(receiptId, 'entry', lineCount, text, reason));
    return [];
  }
}

function readRow(row: (string | null)[]): ReadLine {
  const fault = rowFault(row);
  return fault === undefined ? { row: row as unknown as LogRow } : { line: row, fault };
}

function readPackedLine(line: unknown): ReadLine {
  const fault = packedLineFault(line) ?? timeFault(line as PackedLine);
  if (fault !== undefined) return { line, fault };
  const [id, createdAtMs, ...rest] = line as PackedLine;
  return { row: [id, sqlTime(createdAtMs), ...rest] };
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

/** The line that a row is. */
export function lineOfRow(row: LogRow): LogLine {
  const [id, createdAt, device_id, logLevel, message, logData, trace_id, span_id] = row;
  return {
    id,
    device_id,
    log_level: logLevel as LogLevel,
    message,
    log_data: logData === null ? null : (JSON.parse(logData) as Record<string, unknown>),
    created_at: timeOfRow(createdAt),
    trace_id,
    span_id,
  };
}

function timeOfRow(createdAt: string): number {
  return Date.parse(`${createdAt.replace(' ', 'T')}Z`);
}

/** The refusal of a row that the database does not take. */
export function refusalOfRow(receiptId: string, row: LogRow, error: string): Refusal {
  const [id, createdAt, ...rest] = row;
  const line = [id, timeOfRow(createdAt), ...rest];
  return refusalOf(receiptId, 'line', 1, JSON.stringify(line), error);
}

/** The day on which an entry was accepted; an entry that is not ours counts as of today. */
export function dayOfEntry(receiptId: string): string {
  return dayOf(timeOfId(receiptId) ?? Date.now());
}

export function dayOfRow(row: LogRow): string {
  return row[1].slice(0, 10);
}
