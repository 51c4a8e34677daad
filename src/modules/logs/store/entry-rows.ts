import { z } from 'zod';
import { BULK_NULL, bulkText, decodeRows } from '../../../platform/database/index.js';
import { sqlTime } from '../domain/days.js';
import { type LogLine, logLevels, MAX_LOG_DATA_CHARACTERS } from '../domain/log-line.js';

/**
 * How the lines of an entry travel: written as the database loads them, so that a writer hands them on without looking,
 * with what it must know of them beside.
 */
export interface EntryRows {
  /** The rows of the table `logs`, as `encodeRows` writes them. */
  readonly text: string;
  /** `EntrySummary` as JSON. */
  readonly summary: string;
}

const lineCounts = z.array(z.int().nonnegative()).length(logLevels.length);
const summarySchema = z.object({
  /** Each once. */
  devices: z.array(z.string()),
  /** How many lines of each level, in the order of `logLevels`, each day has. */
  days: z.array(z.tuple([z.string(), lineCounts])),
});
/** What a writer must know of lines that it does not look at. */
export type EntrySummary = z.infer<typeof summarySchema>;

const levelIndexes = new Map<string, number>(logLevels.map((level, index) => [level, index]));
const DAY_LENGTH = 10;

/** The `log_data` of a line is longer than a line may be. */
export class LogDataTooLongError extends Error {
  constructor(readonly index: number) {
    super(`The log_data of line ${index} has more than ${MAX_LOG_DATA_CHARACTERS} characters as JSON.`);
  }
}

/** Writes the lines of an entry, in their order. @throws LogDataTooLongError */
export function packRows(lines: readonly LogLine[]): EntryRows {
  const devices = new Set<string>();
  const days = new Map<string, number[]>();
  let text = '';
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as LogLine;
    const createdAt = sqlTime(line.created_at);
    countLine(days, createdAt.slice(0, DAY_LENGTH), line);
    devices.add(line.device_id);
    text +=
      `${line.id}\t${createdAt}\t${bulkText(line.device_id)}\t${line.log_level}\t${bulkText(line.message)}` +
      `\t${dataText(line, index)}\t${line.trace_id ?? BULK_NULL}\t${line.span_id ?? BULK_NULL}\n`;
  }
  return { text, summary: JSON.stringify({ devices: [...devices], days: [...days] }) };
}

function countLine(days: Map<string, number[]>, day: string, { log_level }: LogLine): void {
  let counts = days.get(day);
  if (!counts) {
    counts = logLevels.map(() => 0);
    days.set(day, counts);
  }
  const level = levelIndexes.get(log_level) as number;
  counts[level] = (counts[level] as number) + 1;
}

function dataText({ log_data }: LogLine, index: number): string {
  if (log_data === null) return BULK_NULL;
  const json = JSON.stringify(log_data);
  if (json.length > MAX_LOG_DATA_CHARACTERS) throw new LogDataTooLongError(index);
  return bulkText(json);
}

/** Reads the summary of an entry; undefined if it is none, or not one of so many lines. */
export function readSummary(json: string, lineCount: number): EntrySummary | undefined {
  try {
    const summary = summarySchema.parse(JSON.parse(json));
    const lines = summary.days.flatMap(([, counts]) => counts).reduce((sum, count) => sum + count, 0);
    return lines === lineCount ? summary : undefined;
  } catch {
    return undefined;
  }
}

/** The values of the rows of an entry, not checked yet. @throws if they are not as many as were accepted. */
export function unpackRows(text: string, lineCount: number): (string | null)[][] {
  const rows = decodeRows(text);
  if (rows.length !== lineCount) {
    throw new Error(`The entry has ${rows.length} lines, but ${lineCount} were accepted.`);
  }
  return rows;
}

/** Why a row is not one that we wrote; undefined if it is. What does not fit a column the database tells. */
export function rowFault(row: readonly (string | null)[]): string | undefined {
  if (row.length !== 8) return 'The line is not a list of eight values.';
  if (row.slice(0, 5).includes(null)) return 'A value that every line has is missing.';
  return levelIndexes.has(row[3] as string) ? undefined : 'The level is none that there is.';
}
