import { describe, expect, it } from 'vitest';
import { completeWindow, isLongerThan } from './time-window.js';

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;

describe('a time window', () => {
  it.each([
    ['neither end', {}, { fromMs: NOW - 24 * HOUR, toMs: NOW + HOUR }],
    ['a beginning', { fromMs: 5 }, { fromMs: 5, toMs: NOW + HOUR }],
    ['an end', { toMs: NOW - HOUR }, { fromMs: NOW - 25 * HOUR, toMs: NOW - HOUR }],
    ['both', { fromMs: 1, toMs: 2 }, { fromMs: 1, toMs: 2 }],
    ['a beginning ahead', { fromMs: NOW + 2 * HOUR }, { fromMs: NOW + 2 * HOUR, toMs: NOW + 3 * HOUR }],
  ])('is whole where %s is given', (_what, given, window) => {
    expect(completeWindow(given, NOW, 24)).toEqual(window);
  });

  it('is as long as its part in the past', () => {
    expect(isLongerThan(24, completeWindow({}, NOW, 24), NOW)).toBe(false);
    expect(isLongerThan(24, { fromMs: NOW - 24 * HOUR - 1, toMs: NOW + HOUR }, NOW)).toBe(true);
    expect(isLongerThan(24, { fromMs: NOW - 48 * HOUR, toMs: NOW - 24 * HOUR }, NOW)).toBe(false);
  });
});
