import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoAnswerError } from '../../platform/redis/index.js';
import { Reading } from './reading.js';

describe('a reading', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const limits = { maxAgeMs: 1_000, timeoutMs: 200 };
  /** Measures that end when they are told to. */
  function controlled() {
    const ends: ((value: number) => void)[] = [];
    const measure = vi.fn(() => new Promise<number>((resolve) => ends.push(resolve)));
    return { measure, ends, reading: new Reading(measure, limits) };
  }

  it('is taken once for all who ask, until it is old', async () => {
    const measure = vi.fn(async () => 7);
    const reading = new Reading(measure, limits);
    expect(await Promise.all([reading.read(), reading.read()])).toEqual([7, 7]);
    await vi.advanceTimersByTimeAsync(900);
    await reading.read();
    expect(measure).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    await reading.read();
    expect(measure).toHaveBeenCalledTimes(2);
  });

  it('tells a failure to all who ask, and remembers what was good last', async () => {
    const measure = vi.fn(async () => 7);
    const reading = new Reading(measure, limits);
    await reading.read();
    measure.mockRejectedValue(new Error('away'));
    await vi.advanceTimersByTimeAsync(1_100);
    await expect(reading.read()).rejects.toThrow('away');
    await expect(reading.read()).rejects.toThrow('away');
    expect(measure).toHaveBeenCalledTimes(2);
    expect(await reading.tryRead()).toBeUndefined();
    expect(reading.last?.value).toBe(7);
  });

  it('is given up after its time, and not begun again while it hangs, however many ask', async () => {
    const { measure, ends, reading } = controlled();
    const late = expect(reading.read()).rejects.toThrow(NoAnswerError);
    await vi.advanceTimersByTimeAsync(210);
    await late;
    for (let asked = 0; asked < 20; asked++) {
      const again = expect(reading.read()).rejects.toThrow(NoAnswerError);
      await vi.advanceTimersByTimeAsync(100);
      await again;
    }
    expect(measure).toHaveBeenCalledTimes(1);
    ends[0]?.(7);
    expect(await reading.read()).toBe(7);
  });

  it('tells what was known a moment ago instead of one that is late, but not for long', async () => {
    const { measure, ends, reading } = controlled();
    const first = reading.read();
    ends[0]?.(7);
    await first;
    await vi.advanceTimersByTimeAsync(1_100);
    const second = reading.read();
    await vi.advanceTimersByTimeAsync(250);
    expect(await second).toBe(7);
    await vi.advanceTimersByTimeAsync(1_000);
    const third = expect(reading.read()).rejects.toThrow(NoAnswerError);
    await vi.advanceTimersByTimeAsync(250);
    await third;
    expect(measure).toHaveBeenCalledTimes(2);
  });

  it('is begun again after ten seconds: what hangs for longer may never end', async () => {
    const { measure, ends, reading } = controlled();
    void reading.tryRead();
    await vi.advanceTimersByTimeAsync(10_100);
    const read = reading.read();
    expect(measure).toHaveBeenCalledTimes(2);
    ends[1]?.(8);
    expect(await read).toBe(8);
  });
});
