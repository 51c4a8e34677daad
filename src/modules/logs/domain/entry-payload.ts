import { type LogLevel, type LogLine, logLevels, MAX_LOG_DATA_CHARACTERS } from './log-line.js';

/**
 * One line as it travels: the values of a `LogLine` without their names, `log_data` as the JSON text that is stored.
 * So the writer neither reads nor writes the client's own objects.
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

/** The `log_data` of a line is longer than a line may be. */
export class LogDataTooLongError extends Error {
  constructor(readonly index: number) {
    super(`The log_data of line ${index} has more than ${MAX_LOG_DATA_CHARACTERS} characters as JSON.`);
  }
}

/**
 * The text of an entry: one JSON array with all of its lines, in their order.
 * @throws LogDataTooLongError
 */
export function packLines(lines: readonly LogLine[]): string {
  const packed: PackedLine[] = [];
  for (const line of lines) {
    const logData = line.log_data === null ? null : JSON.stringify(line.log_data);
    if (logData !== null && logData.length > MAX_LOG_DATA_CHARACTERS)
      throw new LogDataTooLongError(packed.length);
    packed.push([
      line.id,
      line.created_at,
      line.device_id,
      line.log_level,
      line.message,
      logData,
      line.trace_id,
      line.span_id,
    ]);
  }
  return JSON.stringify(packed);
}

/**
 * Reads the text of an entry. Its lines are not checked yet: see `packedLineFault`.
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
