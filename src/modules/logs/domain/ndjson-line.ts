import { LineFault } from './line-fault.js';
import {
  fitMessage,
  fittingDeviceId,
  logDataFault,
  looseLevelOf,
  setNamed,
  spanIdOf,
  traceIdOf,
  UNKNOWN_DEVICE,
} from './line-fields.js';
import { lineIds } from './line-ids.js';
import { isSane, parseTime } from './line-time.js';
import type { LogLevel, LogLine } from './log-line.js';
import { type LineContext, readSeedLine } from './seed-line.js';

/** The fields of pino that have a place of their own in a line. */
const PLACED = new Set(['level', 'time', 'msg', 'v', 'trace_id', 'span_id', 'device_id']);

/**
 * Reads one object of NDJSON: the fields of `POST /api/log`, or those of pino (a number as `level`, or `msg`), whose
 * other fields become `log_data`.
 */
export function readNdjsonLine(value: unknown, index: number, context: LineContext): LogLine | LineFault {
  return isPinoShaped(value) ? readPinoLine(value, index, context) : readSeedLine(value, index, context);
}

function isPinoShaped(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { level, msg } = value as Record<string, unknown>;
  return typeof level === 'number' || msg !== undefined;
}

function readPinoLine(
  given: Record<string, unknown>,
  index: number,
  context: LineContext,
): LogLine | LineFault {
  const { window, bodyBytes } = context;
  const fault = logDataFault(given, bodyBytes);
  if (fault) return new LineFault(index, '', fault);
  const logData: Record<string, unknown> = {};
  for (const name in given) if (!PLACED.has(name)) setNamed(logData, name, given[name]);
  const timeMs = parseTime(given['time']);
  const isGivenSane = isSane(window, timeMs);
  if (!isGivenSane && given['time'] !== undefined) logData['given_timestamp'] = given['time'];
  const message = fitMessage(messageOf(given), logData);
  return {
    id: lineIds.next(window.nowMs),
    device_id: deviceOf(given),
    log_level: levelOfPino(given['level']),
    message,
    log_data: logData,
    created_at: isGivenSane ? timeMs : window.nowMs,
    trace_id: traceIdOf(given['trace_id']),
    span_id: spanIdOf(given['span_id']),
  };
}

/** pino writes no `msg` for a call with an object alone; if that has an error, its message is what happened. */
function messageOf({ msg, err }: Record<string, unknown>): string {
  if (typeof msg === 'string') return msg;
  if (msg !== undefined && msg !== null) return JSON.stringify(msg);
  const cause = (err as { message?: unknown } | null | undefined)?.message;
  return typeof cause === 'string' ? cause : '';
}

function deviceOf({ device_id: deviceId, hostname, name }: Record<string, unknown>): string {
  return fittingDeviceId(deviceId) ?? fittingDeviceId(hostname) ?? fittingDeviceId(name) ?? UNKNOWN_DEVICE;
}

/** pino's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal; a custom one counts as the next lower. */
function levelOfPino(level: unknown): LogLevel {
  if (typeof level === 'string') return looseLevelOf(level) ?? 'INFO';
  if (typeof level !== 'number') return 'INFO';
  if (level < 30) return 'DEBUG';
  if (level < 40) return 'INFO';
  if (level < 50) return 'WARNING';
  return level < 60 ? 'ERROR' : 'CRITICAL';
}
