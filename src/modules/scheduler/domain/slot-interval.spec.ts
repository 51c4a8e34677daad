import { describe, expect, it } from 'vitest';
import { readCron } from '../../../platform/schedule/index.js';
import { slotIntervalMs } from './slot-interval.js';

const HOUR_MS = 3_600_000;
const intervalAt = (cron: string, at: string) => slotIntervalMs(readCron(cron), Date.parse(at));

describe('how far slots are apart', () => {
  it.each([
    ['*/5 * * * * *', 5_000],
    ['*/10 * * * *', 600_000],
    ['17 * * * *', HOUR_MS],
    ['0 3 * * *', 24 * HOUR_MS],
  ])('of %s is the same at any time', (cron, intervalMs) => {
    for (const at of ['2026-01-01T00:00:00Z', '2026-02-28T23:59:59.999Z', '2026-06-15T03:00:00Z'])
      expect(intervalAt(cron, at)).toBe(intervalMs);
  });

  it('is the longer one where they are not all as far apart', () => {
    const weekdays = '0 9 * * 1-5';
    // A Friday after its slot, and the Saturday and the Monday morning after it.
    expect(intervalAt(weekdays, '2026-01-02T10:00:00Z')).toBe(72 * HOUR_MS);
    expect(intervalAt(weekdays, '2026-01-03T12:00:00Z')).toBe(72 * HOUR_MS);
    expect(intervalAt(weekdays, '2026-01-05T08:59:00Z')).toBe(72 * HOUR_MS);
    expect(intervalAt(weekdays, '2026-01-06T10:00:00Z')).toBe(24 * HOUR_MS);
  });
});
