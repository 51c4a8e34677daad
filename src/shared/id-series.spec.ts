import { validate, version } from 'uuid';
import { expect, it } from 'vitest';
import { IdSeries } from './id-series.js';

it('makes ids of version 7 that grow, in any number within a millisecond and when the clock goes back', () => {
  const series = new IdSeries();
  const startMs = Date.now();
  const times = [...Array.from({ length: 10_000 }, () => startMs), startMs - 5000, startMs + 50];
  const ids = times.map((ms) => series.next(ms));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect([validate(id), version(id)]).toEqual([true, 7]);
});

it('begins with the time', () => {
  const nowMs = Date.now() + 60_000;
  const id = new IdSeries().next(nowMs);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
});
