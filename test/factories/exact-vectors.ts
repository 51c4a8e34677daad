import {
  type StoredVector,
  type VectorChanges,
  type VectorHit,
  VectorIndex,
  type VectorSearchOptions,
} from '../../src/modules/knowledge/vectors/vector-index.js';
import { cosine } from '../../src/shared/search/vectors.js';

/** Compares 32-bit floats one by one, in the plainest way there is: what other indexes are held against. */
export class ExactVectorIndex extends VectorIndex {
  private readonly shelves = new Map<string, { version: number; vectors: Map<number, StoredVector> }>();

  async versionOf(shelf: string): Promise<number> {
    return this.shelves.get(shelf)?.version ?? 0;
  }

  async apply(shelf: string, { toVersion, bases, added }: VectorChanges): Promise<void> {
    const vectors = this.shelves.get(shelf)?.vectors ?? new Map<number, StoredVector>();
    for (const [chunkNo, { fileNo, version }] of vectors) {
      if (version < (bases.get(fileNo) ?? 0)) vectors.delete(chunkNo);
    }
    for await (const group of added) for (const vector of group) vectors.set(vector.chunkNo, vector);
    this.shelves.set(shelf, { version: toVersion, vectors });
  }

  async search(
    shelf: string,
    wanted: Float32Array,
    { fileNos, limit, version }: VectorSearchOptions,
  ): Promise<VectorHit[] | undefined> {
    const kept = this.shelves.get(shelf);
    if (!kept || kept.version < version) return undefined;
    return [...kept.vectors.values()]
      .filter(({ fileNo }) => fileNos?.has(fileNo) ?? true)
      .map(({ chunkNo, vector }) => ({ chunkNo, score: cosine(wanted, vector) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
  }

  async drop(shelf: string): Promise<void> {
    this.shelves.delete(shelf);
  }
}
