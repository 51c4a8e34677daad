import { describe, expect, it } from 'vitest';
import { addDays, firstIdOf, sqlTime, startOfDay, timeOfId } from './days.js';
import { dayOfPartition, partitionName, planPartitions } from './partition-plan.js';

const TODAY = '2026-03-01';

describe('the plan of partitions', () => {
  it('begins yesterday and goes a week ahead', () => {
    const { make, drop } = planPartitions([], TODAY, 30);
    expect([make[0], make.at(-1), make.length, drop]).toEqual(['2026-02-28', '2026-03-08', 9, []]);
  });

  it('fills the gap that a rest of weeks has left, without one', () => {
    const { make } = planPartitions(['2026-02-10', '2026-02-09'], TODAY, 30);
    expect([make[0], make.at(-1), make.length]).toEqual(['2026-02-11', '2026-03-08', 26]);
  });

  it('drops a day when all of it is older than the retention', () => {
    const existing = ['2026-02-22', '2026-02-21', '2026-02-23', addDays(TODAY, 7)];
    expect(planPartitions(existing, TODAY, 7)).toEqual({ make: [], drop: ['2026-02-21'] });
  });

  it('names days so that they can be read back', () => {
    expect(dayOfPartition(partitionName(TODAY))).toBe(TODAY);
    expect(dayOfPartition('p_later')).toBeUndefined();
  });
});

describe('times and ids', () => {
  it.each([0, 1, 999, 1_772_323_200_007, -1, -62_135_596_800_000])(
    'writes %s as the database reads it',
    (ms) => {
      expect(Date.parse(`${sqlTime(ms).replace(' ', 'T')}Z`)).toBe(ms);
    },
  );

  it('finds the day of an id, and the first id of a day', () => {
    const ms = startOfDay(TODAY);
    const id = `${firstIdOf(ms)}-7000-8000-000000000000`;
    expect(timeOfId(id)).toBe(ms);
    expect(firstIdOf(ms) <= id && id < firstIdOf(ms + 1)).toBe(true);
    expect(timeOfId('019ca6f0-1c00-5000-8000-000000000000')).toBeUndefined();
  });
});
