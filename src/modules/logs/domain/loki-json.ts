import { LineFault } from './line-fault.js';
import { jsonText, setNamed } from './line-fields.js';
import type { LokiEntry, LokiStream } from './loki-lines.js';

const NANOSECOND_DIGITS = 6;
const NANOSECONDS = 1_000_000;
/** By so many nanoseconds a number of them may be off: it must not fall into the millisecond before. */
const ROUNDING = 256;
const DIGITS = /^\d+$/;

/** The request is not what Loki's JSON says. */
export class LokiShapeError extends Error {}

/**
 * Reads the JSON of Loki's push API, parsed already. Times that are none (`"NaN"`) are left to us.
 * @throws LokiShapeError if what should be a list or an object is something else above the entries.
 */
export function decodeLokiJson(body: unknown): LokiStream[] {
  if (!isObject(body) || !Array.isArray(body['streams'])) {
    throw new LokiShapeError('The body must be an object with a list of streams.');
  }
  let index = 0;
  return body['streams'].map((item: unknown): LokiStream => {
    if (!isObject(item) || !isObject(item['stream']) || !Array.isArray(item['values'])) {
      throw new LokiShapeError('Each stream must have labels in stream, and a list of values.');
    }
    const labels = textsOf(item['stream']);
    return { labels, entries: item['values'].map((value: unknown) => decodeEntry(value, index++)) };
  });
}

function decodeEntry(value: unknown, index: number): LokiEntry | LineFault {
  if (!Array.isArray(value)) return new LineFault(index, 'values', 'must each be a list', jsonText(value));
  const [time, line, metadata] = value as unknown[];
  if (typeof line !== 'string')
    return new LineFault(index, 'values', 'must each have a text second', jsonText(value));
  return { timeMs: millisecondsOf(time), line, metadata: isObject(metadata) ? textsOf(metadata) : undefined };
}

/** From a text of nanoseconds, or a number of them as some clients send it. */
function millisecondsOf(time: unknown): number {
  if (typeof time === 'number') return time > 0 ? Math.floor((time + ROUNDING) / NANOSECONDS) : Number.NaN;
  if (typeof time !== 'string' || time.length <= NANOSECOND_DIGITS || !DIGITS.test(time)) return Number.NaN;
  return Number(time.slice(0, -NANOSECOND_DIGITS));
}

/** Labels are texts; other values are written as JSON rather than lost. */
function textsOf(given: Record<string, unknown>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in given) {
    const value = given[name];
    setNamed(texts, name, typeof value === 'string' ? value : jsonText(value));
  }
  return texts;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
