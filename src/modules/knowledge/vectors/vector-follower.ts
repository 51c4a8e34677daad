import { Injectable } from '@nestjs/common';
import { Clock } from '../../../shared/clock.js';
import { EmbeddingsService } from '../../provider/index.js';
import { type StoredVector, type VectorHit, VectorIndex } from './vector-index.js';
import { VectorRepository } from './vector.repository.js';

const VECTORS_A_READ = 1_000;
/** What happened before is known no more for longer than a day (removed files are forgotten then). */
const FOLLOWED_FOR_MS = 3_600_000;
const MAX_FOLLOWED = 10_000;
/** How often a shelf may be pushed out by others between being followed and being searched. */
const MAX_ATTEMPTS = 5;

/** Searches the index, and brings it to what the database has first, whoever wrote it. */
@Injectable()
export class VectorFollower {
  private readonly followed = new Map<string, { atMs: number; work: Promise<number | undefined> }>();

  constructor(
    private readonly index: VectorIndex,
    private readonly repository: VectorRepository,
    private readonly embeddings: EmbeddingsService,
    private readonly clock: Clock,
  ) {}

  /** The owner's chunks most like a vector, the best first. All that was committed before the call can be found. */
  async search(
    ownerNo: string,
    vector: Float32Array,
    options: { fileNos?: ReadonlySet<number> | undefined; limit: number },
  ): Promise<VectorHit[]> {
    const shelf = `${ownerNo}:${this.embeddings.embedder}`;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const version = await this.follow(shelf, ownerNo);
      if (version === undefined) return [];
      const hits = await this.index.search(shelf, vector, { ...options, version });
      if (hits) return hits;
    }
    throw new Error('The vectors of an owner left the index again and again while they were searched.');
  }

  /** One at a time for each shelf. @returns the version that the index has; undefined if there is no such owner */
  private follow(shelf: string, ownerNo: string): Promise<number | undefined> {
    const before = this.followed.get(shelf);
    const nowMs = this.clock.nowMs();
    const isStale = before !== undefined && nowMs - before.atMs > FOLLOWED_FOR_MS;
    const start = before?.work.catch(() => undefined) ?? Promise.resolve(undefined);
    const work = start.then(async () => {
      if (isStale) await this.index.drop(shelf);
      return this.catchUp(shelf, ownerNo);
    });
    this.followed.delete(shelf);
    this.followed.set(shelf, { atMs: nowMs, work });
    this.forgetOldest();
    return work;
  }

  private async catchUp(shelf: string, ownerNo: string): Promise<number | undefined> {
    const toVersion = await this.repository.findVersion(ownerNo);
    if (toVersion === undefined) {
      await this.index.drop(shelf);
      return undefined;
    }
    const version = await this.index.versionOf(shelf);
    if (version < toVersion) {
      const bases = await this.repository.listBases(ownerNo, version, toVersion);
      await this.index.apply(shelf, { toVersion, bases, added: this.readAdded(ownerNo, version, toVersion) });
    }
    return toVersion;
  }

  /** A shelf of which it is not known when it was followed last must not be gone on with. */
  private forgetOldest(): void {
    const [oldest] = this.followed.keys();
    if (this.followed.size <= MAX_FOLLOWED || oldest === undefined) return;
    this.followed.delete(oldest);
    void this.index.drop(oldest);
  }

  private async *readAdded(
    ownerNo: string,
    version: number,
    toVersion: number,
  ): AsyncIterable<StoredVector[]> {
    const { embedder } = this.embeddings;
    let after: { version: number; chunkNo: number } | undefined = {
      version,
      chunkNo: Number.MAX_SAFE_INTEGER,
    };
    while (after) {
      const page = await this.repository.listAfter(ownerNo, embedder, after, toVersion, VECTORS_A_READ);
      yield page.vectors;
      after = page.last;
    }
  }
}
