import { afterEach, describe, expect, it, vi } from 'vitest';
import { inBatches } from './batches.js';

const MAX_BATCHES = 100;
const never = new AbortController().signal;

/** Does what there is, in the order of numbers, and notes what was asked of it. */
function workOn(things: number) {
  const asked: [size: number, after: number | undefined][] = [];
  const act = async (size: number, after: number | undefined) => {
    asked.push([size, after]);
    // A loop that does not get on would starve the timers of the test.
    if (asked.length > MAX_BATCHES) throw new Error('There is no end to the batches.');
    const from = after ?? 0;
    const found = Math.max(0, Math.min(size, things - from));
    return { found, last: from + found };
  };
  return { asked, act };
}

describe('work in batches', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('goes on after the last of each batch until one is not full', async () => {
    const { asked, act } = workOn(25);
    expect(await inBatches(never, 10, act)).toBe(25);
    expect(asked).toEqual([
      [10, undefined],
      [10, 10],
      [10, 20],
    ]);
  });

  it('looks once more when the last batch was just full', async () => {
    const { asked, act } = workOn(20);
    expect(await inBatches(never, 10, act)).toBe(20);
    expect(asked.at(-1)).toEqual([10, 20]);
    expect(asked).toHaveLength(3);
  });

  it('begins nothing when it is told to stop, and nothing more after the batch at hand', async () => {
    const { asked, act } = workOn(100);
    expect(await inBatches(AbortSignal.abort(), 10, act)).toBe(0);
    expect(asked).toEqual([]);
    const controller = new AbortController();
    const stopped = inBatches<number>(controller.signal, 10, (size, after) => {
      if (after === 10) controller.abort();
      return act(size, after);
    });
    expect(await stopped).toBe(20);
  });

  it('ends with the error of a batch', async () => {
    const { asked, act } = workOn(100);
    const failing = inBatches<number>(never, 10, (size, after) =>
      after === 20 ? Promise.reject(new Error('away')) : act(size, after),
    );
    await expect(failing).rejects.toThrow('away');
    expect(asked).toHaveLength(2);
  });

  it('takes larger batches while they are short, and half of one that took too long', async () => {
    const { asked, act } = workOn(1_000);
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const durationsMs = [10, 29, 50, 101, 10];
    await inBatches<number>(never, { first: 100, max: 180 }, (size, after) => {
      nowMs += durationsMs.shift() ?? 50;
      return act(size, after);
    });
    expect(asked.slice(0, 6).map(([size]) => size)).toEqual([100, 150, 180, 180, 90, 135]);
  });

  it('leaves the size as it is where a batch is many transactions', async () => {
    const { asked, act } = workOn(35);
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    await inBatches<number>(never, 10, (size, after) => {
      nowMs += 500;
      return act(size, after);
    });
    expect(asked.map(([size]) => size)).toEqual([10, 10, 10, 10]);
  });

  it('never takes less than half of the first, however slow the machine is', async () => {
    const { asked, act } = workOn(400);
    let nowMs = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    await inBatches<number>(never, { first: 100, max: 500 }, (size, after) => {
      nowMs += 1_000;
      return act(size, after);
    });
    expect(asked.slice(0, 5).map(([size]) => size)).toEqual([100, 50, 50, 50, 50]);
  });
});
