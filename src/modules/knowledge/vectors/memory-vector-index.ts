import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { knowledgeConfig } from '../knowledge.config.js';
import { ScanThreads } from './scan-threads.js';
import { type VectorChanges, type VectorHit, VectorIndex, type VectorSearchOptions } from './vector-index.js';
import { VectorShelf } from './vector-shelf.js';

const BYTES_A_MB = 1_048_576;

interface Entry {
  version: number;
  vectors: VectorShelf | undefined;
  /** Ends with the last work on the shelf: a search sees no half of a change. */
  tail: Promise<unknown>;
}

/**
 * Keeps the shelves that are searched in the memory of the process, each whole, and compares all vectors of a shelf. The
 * shelves that were not used for longest go when all together are larger than is configured.
 */
@Injectable()
export class MemoryVectorIndex extends VectorIndex {
  /** In the order of their last use. */
  private readonly shelves = new Map<string, Entry>();
  private readonly maxBytes: number;

  constructor(
    @Inject(knowledgeConfig.token) config: ConfigOf<typeof knowledgeConfig>,
    private readonly threads: ScanThreads,
  ) {
    super();
    this.maxBytes = config.indexMb * BYTES_A_MB;
  }

  async versionOf(shelf: string): Promise<number> {
    return this.shelves.get(shelf)?.version ?? 0;
  }

  apply(shelf: string, { toVersion, bases, added }: VectorChanges): Promise<void> {
    return this.inTurn(shelf, async (entry) => {
      entry.vectors?.dropBefore(bases);
      for await (const vectors of added) {
        for (const vector of vectors) {
          // An embedder whose vectors have another size now has been changed behind its name: the newest count.
          if (entry.vectors?.dimensions !== vector.vector.length) {
            entry.vectors?.close();
            entry.vectors = new VectorShelf(vector.vector.length, this.threads);
          }
          entry.vectors.put(vector);
        }
      }
      entry.version = toVersion;
      this.makeRoom(shelf);
    });
  }

  search(
    shelf: string,
    vector: Float32Array,
    { fileNos, limit, version }: VectorSearchOptions,
  ): Promise<VectorHit[] | undefined> {
    return this.inTurn(shelf, async (entry) => {
      if (entry.version < version) return undefined;
      return (await entry.vectors?.search(vector, fileNos, limit)) ?? [];
    });
  }

  async drop(shelf: string): Promise<void> {
    const entry = this.shelves.get(shelf);
    this.shelves.delete(shelf);
    // Nothing comes behind what is on its way.
    void entry?.tail.then(() => entry.vectors?.close());
  }

  private inTurn<T>(shelf: string, work: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = this.shelves.get(shelf) ?? { version: 0, vectors: undefined, tail: Promise.resolve() };
    this.shelves.delete(shelf);
    this.shelves.set(shelf, entry);
    const done = entry.tail.then(() => work(entry));
    entry.tail = done.catch(() => undefined);
    return done;
  }

  private makeRoom(inUse: string): void {
    let bytes = 0;
    for (const { vectors } of this.shelves.values()) bytes += vectors?.bytes ?? 0;
    for (const [shelf, { vectors }] of this.shelves) {
      if (bytes <= this.maxBytes) return;
      if (shelf === inUse) continue;
      bytes -= vectors?.bytes ?? 0;
      void this.drop(shelf);
    }
  }
}
