import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../../bench/lib/benchmark.ts';
import { runClosedLoop } from '../../../bench/lib/closed-loop.ts';
import { compare } from '../../../bench/lib/compare.ts';
import { atLeast, atMost } from '../../../bench/lib/goals.ts';
import { formatTable, round } from '../../../bench/lib/report.ts';
import { Samples } from '../../../bench/lib/samples.ts';

describe('percentiles', () => {
  it('are values that were measured, by nearest rank', () => {
    const samples = new Samples();
    for (const value of [30, 10, 50, 20, 40]) samples.add(value);
    expect([0, 20, 50, 99, 100].map((percent) => samples.percentile(percent))).toEqual([10, 10, 30, 50, 50]);
    samples.add(5);
    expect(samples.percentile(0)).toBe(5);
  });

  it('of nothing are no number', () => {
    expect(new Samples().percentile(50)).toBeNaN();
  });
});

describe('a goal', () => {
  it('is met at its limit', () => {
    expect([atMost(5, 'ms', 'a', 5).met, atLeast(5, 'ms', 'a', 5).met]).toEqual([true, true]);
  });

  it('is missed beyond it, and by what could not be measured', () => {
    const missed = [atMost(5, 'ms', 'a', 5.1), atLeast(5, 'ms', 'a', 4.9), atMost(5, 'ms', 'a', Number.NaN)];
    expect(missed.map(({ met }) => met)).toEqual([false, false, false]);
  });
});

describe('a comparison', () => {
  it('takes turns and compares each round with its own first', async () => {
    const order: string[] = [];
    // The machine halves its speed after the first round; the ratio does not notice.
    const variant = (name: string, speeds: number[]) => (round: number) => {
      order.push(name);
      return Promise.resolve(speeds[round] ?? 0);
    };
    const { a, b } = await compare(3, { a: variant('a', [100, 50, 50]), b: variant('b', [200, 100, 100]) });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect([a.ratio, b.ratio, b.median]).toEqual([1, 2, 100]);
  });
});

describe('a closed loop', () => {
  it('keeps as many calls running as there are callers, and counts what fails', async () => {
    let running = 0;
    let most = 0;
    const { results, errors } = await runClosedLoop({
      callers: 4,
      warmUpSeconds: 0.05,
      seconds: 0.3,
      call: async (caller) => {
        most = Math.max(most, ++running);
        await delay(5);
        running--;
        if (caller === 0) throw new Error('refused');
        return caller;
      },
    });
    expect(most).toBe(4);
    expect(running).toBe(0);
    expect(new Set(results)).toEqual(new Set([1, 2, 3]));
    expect(errors.get('refused')).toBeGreaterThan(1);
  });
});

describe('a table', () => {
  it('is aligned, with a dash for what there is not', () => {
    const rows: Row[] = [
      { name: 'first', ms: 1.239 },
      { name: 'b', ms: null, note: 'x' },
      { ms: round(1234.6) },
    ];
    expect(formatTable(rows).split('\n')).toEqual([
      'name     ms  note',
      'first  1.24  -',
      'b         -  x',
      '-      1235  -',
      '',
    ]);
  });
});
