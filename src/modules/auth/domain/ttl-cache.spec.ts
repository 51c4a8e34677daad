import { beforeEach, describe, expect, it } from 'vitest';
import { TtlCache } from './ttl-cache.js';

describe('TTL cache', () => {
  let nowMs = 0;
  let cache: TtlCache<string, number>;
  beforeEach(() => {
    nowMs = 1_000;
    cache = new TtlCache(100, 2, () => nowMs);
  });

  it('forgets an entry when its time is up', () => {
    cache.set('a', 1);
    nowMs += 99;
    expect(cache.get('a')).toBe(1);
    nowMs += 1;
    expect(cache.get('a')).toBeUndefined();
  });

  it('recalls what is past its time, until it is told to forget it', () => {
    cache.set('a', 1);
    nowMs += 5_000;
    expect([cache.get('a'), cache.recall('a')]).toEqual([undefined, 1]);
    cache.delete('a');
    expect(cache.recall('a')).toBeUndefined();
  });

  it('forgets the oldest entry when there are too many', () => {
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('a', 3);
    cache.set('c', 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([3, undefined, 4]);
  });

  it('forgets everything when told to', () => {
    cache.set('a', 1);
    cache.clear();
    expect(cache.get('a')).toBeUndefined();
  });

  it('does not trust an entry from the future', () => {
    cache.set('a', 1);
    nowMs -= 1;
    expect(cache.get('a')).toBeUndefined();
  });
});
