/** Blocks of vectors that are lent to a thread, and what it is to find in them. */
export interface ScanOrder {
  readonly id: number;
  /** Signed bytes, one vector after the other; moved to the thread, not copied. */
  readonly blocks: readonly ArrayBuffer[];
  /** How many vectors of each block count. */
  readonly rows: readonly number[];
  readonly query: Int8Array;
  readonly dimensions: number;
  readonly limit: number;
}

/** A vector that is much like the query: its block among those that were lent, its row there. */
export interface ScanHit {
  readonly block: number;
  readonly row: number;
  /** The cosine, up to 1. */
  readonly score: number;
}

/** The blocks again, with the best of all of them, the best first. */
export interface ScanAnswer {
  readonly id: number;
  readonly blocks: readonly ArrayBuffer[];
  readonly hits: readonly ScanHit[];
  /** Why they could not be compared. */
  readonly failure?: string;
}
