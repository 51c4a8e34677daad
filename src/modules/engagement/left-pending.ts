import { inBatches } from '../../platform/schedule/index.js';

/** So many are in memory at once. */
const BATCH_SIZE = 100;

/**
 * Completes what requests have left pending when they broke off.
 * @param listSome gives those that are left, up to a limit; `complete` must take each out of them, or throw.
 * @param width so many are completed at a time.
 * @returns how many there were.
 */
export function completeLeftPending<T>(
  signal: AbortSignal,
  listSome: (limit: number) => Promise<T[]>,
  complete: (item: T) => Promise<unknown>,
  width: number,
): Promise<number> {
  return inBatches(signal, BATCH_SIZE, async (size) => {
    const items = await listSome(size);
    await forEachOf(items, width, complete);
    return { found: items.length };
  });
}

/** Does something to each item, `width` of them at a time. The first error ends it, once those at hand are through. */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += width) {
    const results = await Promise.allSettled(items.slice(start, start + width).map(act));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
