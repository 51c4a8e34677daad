import { isDeeperThan } from '../../../shared/nesting.js';
import { type LogLevel, logLevels, MAX_LOG_DATA_CHARACTERS } from './log-line.js';

export const MAX_DEVICE_ID_CHARACTERS = 50;
export const MAX_MESSAGE_CHARACTERS = 5000;
export const MAX_LOG_DATA_LEVELS = 32;

/** The device of lines that name none. */
export const UNKNOWN_DEVICE = 'unknown';
/** The message of lines that have none. */
export const EMPTY_MESSAGE = '(empty)';

const exactLevels = new Map<string, LogLevel>(
  logLevels.flatMap((level): [string, LogLevel][] => [
    [level, level],
    [level.toLowerCase(), level],
  ]),
);

/** A level by its name in any case; undefined for any other text. */
export function levelOf(name: string): LogLevel | undefined {
  return exactLevels.get(name) ?? (name.length <= 8 ? exactLevels.get(name.toUpperCase()) : undefined);
}

const aliases: Record<LogLevel, readonly string[]> = {
  DEBUG: ['TRACE', 'VERBOSE', 'SILLY', 'DBG', 'FINE', 'FINER', 'FINEST'],
  INFO: ['INFORMATION', 'INFORMATIONAL', 'NOTICE', 'HTTP', 'LOG'],
  WARNING: ['WARN'],
  ERROR: ['ERR', 'SEVERE'],
  CRITICAL: ['CRIT', 'FATAL', 'ALERT', 'EMERG', 'EMERGENCY', 'PANIC'],
};
const levelsByAlias = new Map<string, LogLevel>(
  logLevels.flatMap((level) => aliases[level].map((alias): [string, LogLevel] => [alias, level])),
);
const LONGEST_ALIAS = 13;

/** A level by any of the names that loggers have for it, or one of their numbers; undefined for anything else. */
export function looseLevelOf(name: string): LogLevel | undefined {
  if (name.length > LONGEST_ALIAS) return undefined;
  return levelOf(name) ?? levelsByAlias.get(name.toUpperCase());
}

/** Whether a text has more characters than this; a character beyond U+FFFF is one, as in the database. */
export function isLongerThan(characters: number, text: string): boolean {
  if (text.length <= characters) return false;
  if (text.length > 2 * characters) return true;
  let count = 0;
  for (const _ of text) if (++count > characters) return true;
  return false;
}

/** The beginning of a text, of at most so many UTF-16 units and with no half of a character at its end. */
export function cutTo(units: number, text: string): string {
  if (text.length <= units) return text;
  const last = text.charCodeAt(units - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? units - 1 : units);
}

/** What a client gave as the id of a device, made to fit. */
export function fittingDeviceId(given: unknown): string | undefined {
  const text = typeof given === 'string' ? given : typeof given === 'number' ? String(given) : '';
  return text === '' ? undefined : cutTo(MAX_DEVICE_ID_CHARACTERS, text).toWellFormed();
}

/** A message made to fit. One that had to be cut is kept whole in `log_data.full_message`. */
export function fitMessage(text: string, logData: Record<string, unknown>): string {
  if (text === '') return EMPTY_MESSAGE;
  if (!isLongerThan(MAX_MESSAGE_CHARACTERS, text)) return text.toWellFormed();
  logData['full_message'] = text;
  return cutTo(MAX_MESSAGE_CHARACTERS, text).toWellFormed();
}

/**
 * Why something cannot be `log_data`; undefined if it can. `bodyBytes` is the size of the body it came in: nothing
 * in a small one needs to be measured.
 */
export function logDataFault(value: object, bodyBytes: number): string | undefined {
  if (isDeeperThan(MAX_LOG_DATA_LEVELS, value)) {
    return `may be nested at most ${MAX_LOG_DATA_LEVELS} levels deep`;
  }
  if (bodyBytes > MAX_LOG_DATA_CHARACTERS && JSON.stringify(value).length > MAX_LOG_DATA_CHARACTERS) {
    return `may have at most ${MAX_LOG_DATA_CHARACTERS} characters as JSON`;
  }
  return undefined;
}

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ZEROS = /^0+$/;

/** A trace id in lower case; null for what is none, as the id of zeros. */
export function traceIdOf(given: unknown): string | null {
  return hexId(given, 32, TRACE_ID);
}

/** A span id in lower case; null for what is none, as the id of zeros. */
export function spanIdOf(given: unknown): string | null {
  return hexId(given, 16, SPAN_ID);
}

function hexId(given: unknown, digits: number, format: RegExp): string | null {
  if (typeof given !== 'string' || given.length !== digits) return null;
  const id = given.toLowerCase();
  return format.test(id) && !ZEROS.test(id) ? id : null;
}

/** Sets a name that a client chose. `__proto__`, which would not be set but obeyed, is a name like any other. */
export function setNamed(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A value as JSON. One that is nested so deep that writing it would overflow the stack is not written. */
export function jsonText(value: unknown): string {
  return isDeeperThan(MAX_LOG_DATA_LEVELS, value) ? '(nested too deep)' : JSON.stringify(value);
}
