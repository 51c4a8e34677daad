/** What a batch found. */
export interface Batch<Place> {
  /** How many things there were to do; fewer than were asked for ends the work. */
  readonly found: number;
  /**
   * The place of the last of them in the order in which they are found. The next batch begins after it, and so passes
   * over what this one could not do; and, in an index, over the entries of rows that changed, which the database keeps
   * for a while: from the beginning each batch would read those of all batches before it.
   */
  readonly last?: Place | undefined;
}

/** How large batches are: always the same, or as the time allows that they take. */
export type BatchSizes = number | { readonly first: number; readonly max: number };

/** A batch that took longer is followed by one of half its size. */
const TOO_LONG_MS = 100;
/** After one that took less, the next is larger by half. */
const SHORT_MS = 30;
/** Of the first size: with fewer rows the commit takes the time, and not they. */
const MIN_PART = 0.5;

/**
 * Does work in batches, one after the other, until one finds fewer things than it might, or the signal is aborted.
 *
 * With `first` and `max` a batch should be one short transaction: its size follows the time that batches take, so that
 * others wait for its locks neither on a slow machine nor behind rows that are dear to change. Where a batch is many
 * transactions its size is a number, which bounds the memory.
 * @param act does up to `size` things, those after the place where the batch before ended. Without places it must have
 *   got what it found out of the way, or throw.
 * @returns how many were found in all.
 * @throws what `act` throws; what was done before stays done.
 */
export async function inBatches<Place = never>(
  signal: AbortSignal,
  sizes: BatchSizes,
  act: (size: number, after: Place | undefined) => Promise<Batch<Place>>,
): Promise<number> {
  let total = 0;
  let size = typeof sizes === 'number' ? sizes : sizes.first;
  let after: Place | undefined;
  while (!signal.aborted) {
    const startedAtMs = performance.now();
    const { found, last } = await act(size, after);
    total += found;
    if (found < size) break;
    after = last;
    if (typeof sizes !== 'number') size = nextSize(size, performance.now() - startedAtMs, sizes);
  }
  return total;
}

function nextSize(size: number, tookMs: number, { first, max }: { first: number; max: number }): number {
  if (tookMs > TOO_LONG_MS) return Math.max(Math.ceil(first * MIN_PART), Math.floor(size / 2));
  return tookMs < SHORT_MS ? Math.min(max, Math.ceil(size * 1.5)) : size;
}
