import { validate, version } from 'uuid';
import { expect, it } from 'vitest';
import { newLineId } from './line-ids.js';

it('makes ids of version 7 that grow, in any number within a millisecond and when the clock goes back', () => {
  const startMs = Date.now();
  const times = [...Array.from({ length: 10_000 }, () => startMs), startMs - 5000, startMs + 50];
  const ids = times.map(newLineId);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect([validate(id), version(id)]).toEqual([true, 7]);
});

it('begins with the time', () => {
  const nowMs = Date.now() + 60_000;
  expect(Number.parseInt(newLineId(nowMs).replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
});
