import { LineFault } from './line-fault.js';
import {
  isLongerThan,
  levelOf,
  logDataFault,
  MAX_DEVICE_ID_CHARACTERS,
  MAX_MESSAGE_CHARACTERS,
  spanIdOf,
  traceIdOf,
} from './line-fields.js';
import { lineIds } from './line-ids.js';
import { isSane, parseTime, type TimeWindow } from './line-time.js';
import { type LogLine, logLevels } from './log-line.js';

/** What all lines of a request have in common. */
export interface LineContext {
  readonly window: TimeWindow;
  /** The size of the body, after inflation. */
  readonly bodyBytes: number;
}

/**
 * Reads one object of `POST /api/log`. Checked by hand: a schema would cost more than all the rest of a line does.
 * Fields that are not ours are ignored.
 */
export function readSeedLine(
  value: unknown,
  index: number,
  { window, bodyBytes }: LineContext,
): LogLine | LineFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new LineFault(index, '', 'must be an object');
  }
  const given = value as Record<string, unknown>;
  const { device_id: deviceId, log_level: levelName, message, log_data: logData } = given;
  const deviceFault = textFault(deviceId, MAX_DEVICE_ID_CHARACTERS);
  if (deviceFault) return new LineFault(index, 'device_id', deviceFault);
  const level = typeof levelName === 'string' ? levelOf(levelName) : undefined;
  if (!level) return new LineFault(index, 'log_level', `must be one of ${logLevels.join(', ')}`);
  const messageFault = textFault(message, MAX_MESSAGE_CHARACTERS);
  if (messageFault) return new LineFault(index, 'message', messageFault);
  const dataFault = optionalObjectFault(logData, bodyBytes);
  if (dataFault) return new LineFault(index, 'log_data', dataFault);
  const optional = readOptional(given, index);
  if (optional instanceof LineFault) return optional;
  const isTimeOurs = Number.isNaN(optional.timeMs) || !isSane(window, optional.timeMs);
  return {
    id: lineIds.next(window.nowMs),
    device_id: (deviceId as string).toWellFormed(),
    log_level: level,
    message: (message as string).toWellFormed(),
    log_data: withGivenTime(
      logData as Record<string, unknown> | null | undefined,
      isTimeOurs ? given['timestamp'] : null,
    ),
    created_at: isTimeOurs ? window.nowMs : optional.timeMs,
    trace_id: optional.traceId,
    span_id: optional.spanId,
  };
}

function textFault(value: unknown, maxCharacters: number): string | undefined {
  if (typeof value !== 'string') return 'must be a text';
  if (value === '') return 'must not be empty';
  return isLongerThan(maxCharacters, value) ? `may have at most ${maxCharacters} characters` : undefined;
}

function optionalObjectFault(value: unknown, bodyBytes: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) return 'must be an object';
  return logDataFault(value, bodyBytes);
}

interface OptionalFields {
  /** NaN: none was given. */
  timeMs: number;
  traceId: string | null;
  spanId: string | null;
}

const NOTHING_OPTIONAL: OptionalFields = { timeMs: Number.NaN, traceId: null, spanId: null };

function readOptional(given: Record<string, unknown>, index: number): OptionalFields | LineFault {
  const { timestamp, trace_id: traceId, span_id: spanId } = given;
  if (timestamp === undefined && traceId === undefined && spanId === undefined) return NOTHING_OPTIONAL;
  const hasTime = timestamp !== undefined && timestamp !== null;
  const fields = {
    timeMs: hasTime ? parseTime(timestamp) : Number.NaN,
    traceId: traceIdOf(traceId),
    spanId: spanIdOf(spanId),
  };
  if (hasTime && Number.isNaN(fields.timeMs)) {
    return new LineFault(index, 'timestamp', 'must be ISO 8601 text or milliseconds since 1970');
  }
  if (!fields.traceId && isGiven(traceId))
    return new LineFault(index, 'trace_id', 'must be 32 hexadecimal digits, not all 0');
  if (!fields.spanId && isGiven(spanId))
    return new LineFault(index, 'span_id', 'must be 16 hexadecimal digits, not all 0');
  return fields;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A time that could not stand is kept beside the rest. */
function withGivenTime(
  logData: Record<string, unknown> | null | undefined,
  refusedTime: unknown,
): Record<string, unknown> | null {
  if (!isGiven(refusedTime)) return logData ?? null;
  return { ...logData, given_timestamp: refusedTime };
}
