/** A block of vectors in memory that threads share. */
export interface BlockToScan {
  readonly id: number;
  /** How many of its vectors count. */
  readonly rows: number;
  /** Signed bytes, one vector after the other; only if the thread does not know the block yet. */
  readonly bytes?: Int8Array<SharedArrayBuffer>;
}

/** What a thread is to find. */
export interface ScanOrder {
  readonly id: number;
  readonly blocks: readonly BlockToScan[];
  readonly query: Int8Array;
  readonly dimensions: number;
  readonly limit: number;
}

/** A vector that is much like the query. */
export interface ScanHit {
  readonly blockId: number;
  readonly row: number;
  /** The cosine, up to 1. */
  readonly score: number;
}

/** The best of the blocks of an order, the best first. */
export interface ScanAnswer {
  readonly id: number;
  readonly hits: readonly ScanHit[];
  /** Why they could not be compared. */
  readonly failure?: string;
}

export type ScanMessage =
  | { readonly kind: 'scan'; readonly order: ScanOrder }
  /** Blocks that will not be asked for again. */
  | { readonly kind: 'forget'; readonly blockIds: readonly number[] };
