import { describe, expect, it } from 'vitest';
import { LineFault } from './line-fault.js';
import { timeWindow } from './line-time.js';
import type { LogLine } from './log-line.js';
import { readSeedLine } from './seed-line.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const DAY_MS = 24 * 60 * 60 * 1000;
const context = { window: timeWindow(NOW_MS, 30), bodyBytes: 100 };
const good = { device_id: 'd', log_level: 'INFO', message: 'm' };

function read(fields: Record<string, unknown>, bodyBytes = 100): LogLine {
  const line = readSeedLine({ ...good, ...fields }, 3, { ...context, bodyBytes });
  if (line instanceof LineFault) throw new Error(line.toString());
  return line;
}

describe('a line of the seed', () => {
  it('has our time, and no data, unless it says so', () => {
    expect(read({})).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      device_id: 'd',
      log_level: 'INFO',
      message: 'm',
      log_data: null,
      created_at: NOW_MS,
      trace_id: null,
      span_id: null,
    });
  });

  it.each(['debug', 'DEBUG', 'Debug', 'dEbUg'])('takes a level in any case: %s', (level) => {
    expect(read({ log_level: level }).log_level).toBe('DEBUG');
  });

  it.each([
    ['2026-01-15T11:00:00Z', NOW_MS - DAY_MS / 24],
    ['2026-01-15T11:00:00', NOW_MS - DAY_MS / 24],
    ['2026-01-15T13:00:00+02:00', NOW_MS - DAY_MS / 24],
    [NOW_MS - 1, NOW_MS - 1],
    [NOW_MS + 3_600_000, NOW_MS + 3_600_000],
    [NOW_MS - 30 * DAY_MS, NOW_MS - 30 * DAY_MS],
  ])('takes the time %s', (timestamp, createdAt) => {
    expect(read({ timestamp })).toMatchObject({ created_at: createdAt, log_data: null });
  });

  it.each([0, NOW_MS + 3_600_001, NOW_MS - 30 * DAY_MS - 1, '1999-01-01'])(
    'keeps the time %s beside its own, which is ours',
    (timestamp) => {
      const line = read({ timestamp, log_data: { a: 1 } });
      expect(line.created_at).toBe(NOW_MS);
      expect(line.log_data).toEqual({ a: 1, given_timestamp: timestamp });
    },
  );

  it('counts characters, not units', () => {
    expect(read({ device_id: '😀'.repeat(50), message: '😀'.repeat(5000) }).device_id).toHaveLength(100);
    expect(() => read({ device_id: '😀'.repeat(51) })).toThrow('at most 50');
    expect(() => read({ message: '😀'.repeat(5001) })).toThrow('at most 5000');
  });

  it('takes ids of traces in any case', () => {
    const line = read({ trace_id: 'ABCDEF0123456789'.repeat(2), span_id: 'ABCDEF0123456789' });
    expect(line.trace_id).toBe('abcdef0123456789'.repeat(2));
    expect(line.span_id).toBe('abcdef0123456789');
  });

  it('makes half a character whole', () => {
    expect(read({ message: 'a\ud800b' }).message).toBe('a\ufffdb');
  });

  it.each([
    [{ device_id: '' }, 'device_id must not be empty'],
    [{ device_id: 'd'.repeat(51) }, 'device_id may have at most 50 characters'],
    [{ device_id: 5 }, 'device_id must be a text'],
    [{ device_id: undefined }, 'device_id must be a text'],
    [{ log_level: 'WARN' }, 'log_level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL'],
    [{ log_level: 30 }, 'log_level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL'],
    [{ message: '' }, 'message must not be empty'],
    [{ message: 'm'.repeat(5001) }, 'message may have at most 5000 characters'],
    [{ message: null }, 'message must be a text'],
    [{ log_data: [] }, 'log_data must be an object'],
    [{ log_data: 'x' }, 'log_data must be an object'],
    [{ timestamp: 'yesterday' }, 'timestamp must be ISO 8601 text or milliseconds since 1970'],
    [{ timestamp: '1' }, 'timestamp must be ISO 8601 text or milliseconds since 1970'],
    [{ timestamp: -1 }, 'timestamp must be ISO 8601 text or milliseconds since 1970'],
    [{ timestamp: true }, 'timestamp must be ISO 8601 text or milliseconds since 1970'],
    [{ timestamp: '2026-13-45T00:00:00Z' }, 'timestamp must be ISO 8601 text or milliseconds since 1970'],
    [{ trace_id: 'x' }, 'trace_id must be 32 hexadecimal digits, not all 0'],
    [{ span_id: '0'.repeat(16) }, 'span_id must be 16 hexadecimal digits, not all 0'],
  ])('refuses %j', (fields, sentence) => {
    expect(() => read(fields)).toThrow(sentence);
  });

  it.each([null, 5, 'x', [], undefined])('refuses %j for a line', (value) => {
    expect(readSeedLine(value, 3, context)).toMatchObject({
      index: 3,
      field: '',
      message: 'must be an object',
    });
  });

  it('refuses data that are nested too deep, or too long', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 33; level++) deep = { deep };
    expect(() => read({ log_data: deep })).toThrow('32 levels');
    const long = { text: 'x'.repeat(1_000_000) };
    expect(() => read({ log_data: long }, 1_000_100)).toThrow('1000000 characters');
  });
});
