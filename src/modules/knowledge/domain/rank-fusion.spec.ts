import { expect, it } from 'vitest';
import { fuseRankings } from './rank-fusion.js';

it('what two rankings have comes before what one of them has first', () => {
  const fused = fuseRankings([
    [1, 2, 3],
    [4, 3, 5],
  ]);
  expect(fused.map(({ item }) => item)).toEqual([3, 1, 4, 2, 5]);
  expect(fused[0]?.score).toBeCloseTo(1 / 63 + 1 / 62, 10);
});

it('one ranking stays as it is, and none is none', () => {
  expect(fuseRankings([[7, 5, 6], []]).map(({ item }) => item)).toEqual([7, 5, 6]);
  expect(fuseRankings([[], []])).toEqual([]);
});
