import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveFeed } from './live-feed.js';
import type { OverviewService } from './overview.service.js';

describe('the live feed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function feedOf(read: () => Promise<unknown>) {
    const spy = vi.fn(read);
    return { feed: new LiveFeed({ read: spy } as unknown as OverviewService), read: spy };
  }

  it('tells whoever listens at once, and all every two seconds from one reading', async () => {
    let number = 0;
    const { feed, read } = feedOf(async () => ({ number: ++number }));
    const [first, second]: [string[], string[]] = [[], []];
    feed.listen((text) => first.push(text));
    await vi.advanceTimersByTimeAsync(0);
    expect(first).toEqual(['{"number":1}']);
    feed.listen((text) => second.push(text));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(first).toEqual(['{"number":1}', '{"number":3}', '{"number":4}']);
    expect(second).toEqual(['{"number":2}', '{"number":3}', '{"number":4}']);
    expect(read).toHaveBeenCalledTimes(4);
  });

  it('asks nothing when nobody listens any more', async () => {
    const { feed, read } = feedOf(async () => ({}));
    const leave = [feed.listen(() => undefined), feed.listen(() => undefined)];
    await vi.advanceTimersByTimeAsync(2_000);
    leave[0]?.();
    await vi.advanceTimersByTimeAsync(2_000);
    leave[1]?.();
    const asked = read.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(asked);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins no reading while one goes on, and goes on after one that failed', async () => {
    let end: ((value: unknown) => void) | undefined;
    const { feed, read } = feedOf(() => new Promise((resolve) => (end = resolve)));
    const told: string[] = [];
    feed.listen((text) => told.push(text));
    end?.({});
    await vi.advanceTimersByTimeAsync(20_000);
    expect(read).toHaveBeenCalledTimes(2);
    read.mockRejectedValueOnce(new Error('of a test'));
    end?.({ late: true });
    await vi.advanceTimersByTimeAsync(4_000);
    end?.({ again: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['{}', '{"late":true}', '{"again":true}']);
  });
});
