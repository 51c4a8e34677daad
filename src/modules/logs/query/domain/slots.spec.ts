import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

describe('slots', () => {
  it('are so many and no more', () => {
    const slots = new Slots(2);
    const first = slots.tryTake();
    expect(first).toBeDefined();
    expect(slots.tryTake()).toBeDefined();
    expect(slots.tryTake()).toBeUndefined();
    first?.();
    // Giving back twice gives back once.
    first?.();
    expect(slots.tryTake()).toBeDefined();
    expect(slots.tryTake()).toBeUndefined();
  });

  it('go to those who wait, in their order', async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const first = slots.tryTake();
    const others = [1, 2, 3].map(async (number) => {
      const free = await slots.take(10_000);
      order.push(number);
      free?.();
    });
    first?.();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
    expect(slots.tryTake()).toBeDefined();
  });

  it('are not waited for longer than was said', async () => {
    const slots = new Slots(1);
    const first = slots.tryTake();
    expect(await slots.take(1)).toBeUndefined();
    first?.();
    expect(slots.tryTake()).toBeDefined();
  });
});
