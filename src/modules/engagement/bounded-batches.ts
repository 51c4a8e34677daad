/**
 * Repeats a step that does up to `size` things until it finds fewer, or the signal is aborted. Each time it must have
 * got the things that it found out of the way, or throw.
 * @returns how many were found in all.
 */
export async function inBatches(
  signal: AbortSignal,
  size: number,
  step: (size: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const found = await step(size);
    total += found;
    if (found < size) break;
  }
  return total;
}

/** Does something to each item, `width` of them at a time. The first error ends it, once those at hand are through. */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += width) {
    const results = await Promise.allSettled(items.slice(start, start + width).map(act));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
