import { describe, expect, it } from 'vitest';
import { estimateWaitMs } from './wait-estimate.js';

describe('the estimated wait', () => {
  it.each([
    [1, 60_000, 1, 60_000],
    [1, 60_000, 6, 10_000],
    [4, 90_000, 3, 120_000],
  ])('of place %i, at %i ms a chat and room for %i, is %i ms', (position, meanHandlingMs, capacity, wait) => {
    expect(estimateWaitMs(position, { meanHandlingMs, capacity })).toBe(wait);
  });

  it('is unknown if nobody is on duty, or no chat has ended lately', () => {
    expect(estimateWaitMs(1, { meanHandlingMs: 1_000, capacity: 0 })).toBeUndefined();
    expect(estimateWaitMs(1, { meanHandlingMs: undefined, capacity: 3 })).toBeUndefined();
  });
});
