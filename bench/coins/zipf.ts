/**
 * Draws from `items` by Zipf's law with exponent 1: the n-th is drawn with a probability proportional to 1/n. By
 * inversion of the cumulative distribution, with a binary search.
 */
export function zipf<T>(items: readonly T[]): () => T {
  let sum = 0;
  const cumulative = items.map((_, index) => (sum += 1 / (index + 1)));
  return () => {
    const drawn = Math.random() * sum;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < drawn) low = middle + 1;
      else high = middle;
    }
    return items[low] as T;
  };
}
