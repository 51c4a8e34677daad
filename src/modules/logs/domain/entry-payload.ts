import { type LogLevel, logLevels } from './log-line.js';

/**
 * One line as JSON, as it lies in quarantine: the values of a `LogLine` without their names, `log_data` as the JSON text
 * that is stored.
 */
export type PackedLine = readonly [
  id: string,
  createdAtMs: number,
  deviceId: string,
  logLevel: LogLevel,
  message: string,
  logData: string | null,
  traceId: string | null,
  spanId: string | null,
];

const PACKED_LENGTH = 8;
const knownLevels: ReadonlySet<unknown> = new Set(logLevels);

/**
 * Reads the text of an entry that is a JSON array of lines. They are not checked yet: see `packedLineFault`.
 * @throws if it is not an array, or has not as many lines as were accepted.
 */
export function unpackEntry(payload: string, lineCount: number): unknown[] {
  const lines: unknown = JSON.parse(payload);
  if (!Array.isArray(lines)) throw new Error('The entry is not an array of lines.');
  if (lines.length !== lineCount) {
    throw new Error(`The entry has ${lines.length} lines, but ${lineCount} were accepted.`);
  }
  return lines;
}

/** Why a line is not one that we wrote; undefined if it is. What does not fit a column the database tells. */
export function packedLineFault(line: unknown): string | undefined {
  if (!Array.isArray(line) || line.length !== PACKED_LENGTH) return 'The line is not a list of eight values.';
  const [id, createdAtMs, deviceId, logLevel, message, logData, traceId, spanId] = line as unknown[];
  if (typeof id !== 'string') return 'The id is not a text.';
  if (!Number.isSafeInteger(createdAtMs)) return 'The time is not a whole number of milliseconds.';
  if (typeof deviceId !== 'string') return 'The device id is not a text.';
  if (!knownLevels.has(logLevel)) return 'The level is none that there is.';
  if (typeof message !== 'string') return 'The message is not a text.';
  if (![logData, traceId, spanId].every((value) => value === null || typeof value === 'string'))
    return 'An optional value is neither a text nor null.';
  return undefined;
}
