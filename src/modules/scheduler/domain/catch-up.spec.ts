import { describe, expect, it } from 'vitest';
import { readCron } from '../../../platform/schedule/index.js';
import { type PassedSlots, planPassedSlots } from './catch-up.js';

const begin = Date.parse('2026-11-22T08:00:00Z');
const minute = (number: number) => begin + number * 60_000;

/** Ten minutes of a task that is due each minute, five minutes ago at the latest. */
function plan(overrides: Partial<PassedSlots>) {
  return planPassedSlots({
    cron: readCron('* * * * *'),
    catchUp: { mode: 'latest' },
    isPaused: false,
    fromMs: begin,
    toMs: minute(10),
    nowMs: minute(15),
    known: new Set(),
    misfireMs: 60_000,
    ...overrides,
  });
}

describe('slots that passed', () => {
  it('latest: runs the last of those without a row and skips the others', () => {
    const known = new Set([minute(2), minute(10)]);
    expect(plan({ known })).toEqual({
      run: [minute(9)],
      skipped: { firstMs: minute(1), lastMs: minute(8), count: 7, reason: 'missed' },
    });
  });

  it('has nothing to say where every slot has a row', () => {
    const known = new Set(Array.from({ length: 10 }, (_, index) => minute(index + 1)));
    for (const mode of ['skip', 'latest'] as const) {
      expect(plan({ known, catchUp: { mode } })).toEqual({ run: [], skipped: undefined });
    }
  });

  it('skip: runs none of them, except for one that is only a little late', () => {
    const catchUp = { mode: 'skip' } as const;
    expect(plan({ catchUp })).toEqual({
      run: [],
      skipped: { firstMs: minute(1), lastMs: minute(10), count: 10, reason: 'missed' },
    });
    expect(plan({ catchUp, nowMs: minute(11) })).toMatchObject({ run: [minute(10)], skipped: { count: 9 } });
  });

  it('all: runs the latest of them, the oldest first, up to its maximum', () => {
    expect(plan({ catchUp: { mode: 'all', max: 3 } })).toEqual({
      run: [minute(8), minute(9), minute(10)],
      skipped: { firstMs: minute(1), lastMs: minute(7), count: 7, reason: 'missed' },
    });
    expect(plan({ catchUp: { mode: 'all', max: 30 } })).toMatchObject({
      run: { length: 10 },
      skipped: undefined,
    });
  });

  it('paused: runs none, whatever the rule', () => {
    expect(plan({ isPaused: true, catchUp: { mode: 'all', max: 3 }, nowMs: minute(10) })).toEqual({
      run: [],
      skipped: { firstMs: minute(1), lastMs: minute(10), count: 10, reason: 'paused' },
    });
  });

  it('does not count without end', () => {
    const month = { fromMs: begin - 30 * 86_400_000, cron: readCron('*/30 * * * * *') };
    expect(plan(month)).toEqual({
      run: [minute(10)],
      skipped: {
        firstMs: begin - 30 * 86_400_000 + 30_000,
        lastMs: minute(9.5),
        count: null,
        reason: 'missed',
      },
    });
    expect(plan({ ...month, catchUp: { mode: 'all', max: 1_000 } })).toMatchObject({
      run: { length: 1_000 },
      skipped: { lastMs: minute(10) - 1_000 * 30_000, count: null },
    });
  });
});
