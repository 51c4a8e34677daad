/** Measured values, all kept, so that percentiles are exact. */
export class Samples {
  private readonly values: number[] = [];
  private isSorted = true;

  add(value: number): void {
    this.values.push(value);
    this.isSorted = false;
  }

  get count(): number {
    return this.values.length;
  }

  /**
   * The smallest value that at least `percent` % of the values do not exceed (nearest rank); NaN if there are no
   * values.
   */
  percentile(percent: number): number {
    if (this.values.length === 0) return Number.NaN;
    if (!this.isSorted) this.values.sort((a, b) => a - b);
    this.isSorted = true;
    const rank = Math.max(1, Math.ceil((percent / 100) * this.values.length));
    return this.values[rank - 1] ?? Number.NaN;
  }
}

/** The middle of a few values: of an even number, the mean of the two in the middle. NaN if there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
