import { describe, expect, it } from 'vitest';
import { spreadOf } from './spread.js';

describe('the spread of durations', () => {
  it('is of nearest ranks, in whatever order they come', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
    expect(spreadOf(hundred)).toEqual({ count: 100, p50: 50, p95: 95, max: 100 });
  });

  it('of one is that one', () => {
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p95: 7, max: 7 });
  });

  it('of none is unknown', () => {
    expect(spreadOf([])).toEqual({ count: 0, p50: null, p95: null, max: null });
  });
});
