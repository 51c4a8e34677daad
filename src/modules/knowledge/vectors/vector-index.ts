/** A vector as it is kept in the database. */
export interface StoredVector {
  readonly chunkNo: number;
  readonly fileNo: number;
  /** With which version of its owner's vectors it came. */
  readonly version: number;
  readonly vector: Float32Array;
}

/** What an index has to do to get from the version that it has to a later one. May be done twice. */
export interface VectorChanges {
  readonly toVersion: number;
  /** By file number: the version before which its vectors are gone. Comes before what is added. */
  readonly bases: ReadonlyMap<number, number>;
  /** Vectors that are new, or take the place of one of the same chunk; read as they are asked for. */
  readonly added: AsyncIterable<readonly StoredVector[]>;
}

export interface VectorHit {
  readonly chunkNo: number;
  /** The cosine, up to 1. */
  readonly score: number;
}

export interface VectorSearchOptions {
  readonly fileNos?: ReadonlySet<number> | undefined;
  readonly limit: number;
  /** What the shelf has to have. */
  readonly version: number;
}

/**
 * Finds the vectors that are most like one. It is a copy of what MySQL has, shelf by shelf (one for each owner and
 * embedder), and may lose any of them at any time: before each search it is brought to the version that MySQL has.
 * An outside engine keeps the version of a shelf beside its vectors.
 */
export abstract class VectorIndex {
  /** Up to which version it has all of a shelf; 0 if it has none of it. */
  abstract versionOf(shelf: string): Promise<number>;

  /** Brings a shelf to a later version. If it fails, the shelf has the version that it had. */
  abstract apply(shelf: string, changes: VectorChanges): Promise<void>;

  /**
   * Up to `limit` vectors of a shelf that are most like this one, the best first, of these files alone if any are
   * named. None for a vector without a direction, or of another size than those of the shelf. Undefined if it has not
   * got the shelf up to `version`.
   */
  abstract search(
    shelf: string,
    vector: Float32Array,
    options: VectorSearchOptions,
  ): Promise<VectorHit[] | undefined>;

  /** Forgets a shelf. */
  abstract drop(shelf: string): Promise<void>;
}
