import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { knowledgeConfig } from '../knowledge.config.js';
import { BlocksLostError, ScanThreads } from './scan-threads.js';
import { type VectorChanges, type VectorHit, VectorIndex, type VectorSearchOptions } from './vector-index.js';
import { VectorShelf } from './vector-shelf.js';

const BYTES_A_MB = 1_048_576;

interface Entry {
  version: number;
  vectors: VectorShelf | undefined;
  /** Its vectors are gone, and it is no more among the shelves. */
  isLost: boolean;
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
  private readonly logger = new Logger('Knowledge');

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
      // What comes now would be added to nothing.
      if (entry.isLost) return;
      entry.vectors?.dropBefore(bases);
      for await (const vectors of added) {
        for (const vector of vectors) {
          // An embedder whose vectors have another size now has been changed behind its name: the newest count.
          if (entry.vectors?.dimensions !== vector.vector.length) {
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
      if (entry.isLost || entry.version < version) return undefined;
      try {
        return (await entry.vectors?.search(vector, fileNos, limit)) ?? [];
      } catch (error) {
        if (!(error instanceof BlocksLostError)) throw error;
        this.logger.warn('vectors are read again', { reason: error.message });
        this.lose(shelf, entry);
        return undefined;
      }
    });
  }

  async drop(shelf: string): Promise<void> {
    this.shelves.delete(shelf);
  }

  private lose(shelf: string, entry: Entry): void {
    entry.isLost = true;
    entry.vectors = undefined;
    if (this.shelves.get(shelf) === entry) this.shelves.delete(shelf);
  }

  private inTurn<T>(shelf: string, work: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = this.shelves.get(shelf) ?? {
      version: 0,
      vectors: undefined,
      isLost: false,
      tail: Promise.resolve(),
    };
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
      this.shelves.delete(shelf);
      bytes -= vectors?.bytes ?? 0;
    }
  }
}
