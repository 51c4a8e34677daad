import { describe, expect, it } from 'vitest';
import { CronError, readCron } from './cron.js';

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

describe('a cron expression', () => {
  it('gives the next slot after a time, and the latest at or before it', () => {
    const cron = readCron('*/30 * * * * *');
    const slot = at('2026-11-22T08:00:30.000Z');
    expect(iso(cron.next(slot - 1))).toBe(iso(slot));
    expect(iso(cron.next(slot))).toBe('2026-11-22T08:01:00.000Z');
    expect(iso(cron.latest(slot))).toBe(iso(slot));
    expect(iso(cron.latest(slot - 1))).toBe('2026-11-22T08:00:00.000Z');
    expect(iso(cron.latest(slot + 29_999))).toBe(iso(slot));
  });

  it('is in UTC, also across a change to summer time elsewhere', () => {
    const cron = readCron('0 2 * * *');
    expect(iso(cron.next(at('2026-03-29T00:59:59Z')))).toBe('2026-03-29T02:00:00.000Z');
    expect(iso(readCron('@daily').next(at('2026-03-29T00:00:00Z')))).toBe('2026-03-30T00:00:00.000Z');
  });

  it('gives the slots of a range, the latest ones if there are too many', () => {
    const cron = readCron('* * * * *');
    const from = at('2026-11-22T08:00:00Z');
    expect(cron.between(from, from, 10)).toEqual({ slots: [], isComplete: true });
    const three = cron.between(from, from + 180_000, 3);
    expect([three.slots.map(iso), three.isComplete]).toEqual([
      ['2026-11-22T08:01:00.000Z', '2026-11-22T08:02:00.000Z', '2026-11-22T08:03:00.000Z'],
      true,
    ]);
    const two = cron.between(from, from + 180_000, 2);
    expect([two.slots.map(iso), two.isComplete]).toEqual([
      ['2026-11-22T08:02:00.000Z', '2026-11-22T08:03:00.000Z'],
      false,
    ]);
  });

  it('has the same slots whether they are walked forwards or backwards', () => {
    const from = at('2027-12-30T00:00:00Z');
    for (const text of ['*/7 * * * *', '5,35 3-4 * * 1', '0 0 29 2 *', '15 10 L * *', '0 12 1 */3 *']) {
      const cron = readCron(text);
      const forwards: number[] = [];
      for (let slot = cron.next(from); forwards.length < 20; slot = cron.next(slot)) forwards.push(slot);
      expect(cron.between(from, forwards.at(-1) ?? 0, 20).slots, text).toEqual(forwards);
    }
  });

  it.each([
    ['', /has 1 fields/],
    ['* * * *', /has 4 fields/],
    ['* * * * * * *', /has 7 fields/],
    ['60 * * * *', /expected range 0-59/],
    ['CRON_TZ=Asia/Shanghai 0 2 * * *', /names a time zone/],
    ['TZ=UTC 0 2 * * *', /names a time zone/],
    ['H * * * *', /random part/],
    ['h(1-5) 0 * * *', /random part/],
    ['*/90 * * * * *', /step 90 in a field of 60/],
    ['*/0.5 * * * * *', /no cron expression/],
    ['*/0 * * * * *', /no cron expression/],
    ['0 0 30 2 *', /no cron expression/],
    ['@reboot', /no cron expression/],
    ['every minute', /has 2 fields/],
    [`${'1,'.repeat(60)}1 * * * *`, /at most 100 characters/],
  ])('is refused if it makes no sense: %s', (text, why) => {
    expect(() => readCron(text)).toThrow(CronError);
    expect(() => readCron(text)).toThrow(why);
  });

  it('may name days and months', () => {
    expect(iso(readCron('0 4 * MAR THU').next(at('2026-11-22T08:00:00Z')))).toBe('2027-03-04T04:00:00.000Z');
  });
});
