import { afterAll, describe, expect, it } from 'vitest';
import { MemoryVectorIndex } from '../../src/modules/knowledge/vectors/memory-vector-index.js';
import { ScanThreads } from '../../src/modules/knowledge/vectors/scan-threads.js';
import type {
  StoredVector,
  VectorHit,
  VectorIndex,
} from '../../src/modules/knowledge/vectors/vector-index.js';
import { ExactVectorIndex } from '../factories/exact-vectors.js';
import { randomFrom } from '../factories/random.js';

const DIMENSIONS = 48;
/** More than two blocks. */
const CHUNKS = 17_000;
const CHUNKS_A_FILE = 40;
/** More than are compared without threads. */
const CHUNKS_FOR_THREADS = 70_000;
const MUCH_MS = 20_000;

const random = randomFrom(7);
const randomVector = () => Float32Array.from({ length: DIMENSIONS }, () => random(2_001) - 1_000);

function vectorsFrom(first: number, count: number, version: number): StoredVector[] {
  return Array.from({ length: count }, (_, index) => ({
    chunkNo: first + index,
    fileNo: Math.floor((first + index) / CHUNKS_A_FILE),
    version,
    vector: randomVector(),
  }));
}

async function* inGroups(vectors: readonly StoredVector[]): AsyncIterable<StoredVector[]> {
  for (let start = 0; start < vectors.length; start += 1_000) yield vectors.slice(start, start + 1_000);
}

async function grow(
  indexes: readonly VectorIndex[],
  toVersion: number,
  vectors: readonly StoredVector[],
  bases: ReadonlyMap<number, number> = new Map(),
): Promise<void> {
  for (const index of indexes) await index.apply('s', { toVersion, bases, added: inGroups(vectors) });
}

const threads = new ScanThreads();
const memory = (indexMb = 256) => new MemoryVectorIndex({ indexMb }, threads);
afterAll(() => threads.onApplicationShutdown());

const numbersOf = (hits: readonly VectorHit[] | undefined) => (hits ?? []).map(({ chunkNo }) => chunkNo);

/** Which part of what exact search finds the other finds too. */
async function recallOf(
  index: VectorIndex,
  oracle: VectorIndex,
  version: number,
  fileNos?: ReadonlySet<number>,
  queries = 40,
): Promise<number> {
  let wanted = 0;
  let found = 0;
  for (let query = 0; query < queries; query++) {
    const vector = randomVector();
    const options = { fileNos, limit: 10, version };
    const truth = numbersOf(await oracle.search('s', vector, options));
    const hits = new Set(numbersOf(await index.search('s', vector, options)));
    wanted += truth.length;
    found += truth.filter((chunkNo) => hits.has(chunkNo)).length;
  }
  expect(wanted).toBeGreaterThan(0);
  return found / wanted;
}

/** The first time its threads end before they answer. */
class DyingThreads extends ScanThreads {
  private isFirst = true;

  override async scan(...wanted: Parameters<ScanThreads['scan']>) {
    const found = super.scan(...wanted);
    if (this.isFirst) void this.onApplicationShutdown();
    this.isFirst = false;
    return found;
  }
}

describe('the index of vectors in memory', () => {
  it('finds what exact search finds: in all, in some files, and after much has gone and come', async () => {
    const index = memory();
    const oracle = new ExactVectorIndex();
    const indexes = [index, oracle];
    await grow(indexes, 1, vectorsFrom(0, CHUNKS, 1));
    expect(await recallOf(index, oracle, 1)).toBeGreaterThanOrEqual(0.95);
    const some = new Set([3, 77, 200, 419, 100_000]);
    expect(await recallOf(index, oracle, 1, some)).toBeGreaterThanOrEqual(0.95);
    // Every third file is gone; every sixth has other chunks, some of others have other vectors.
    const bases = new Map(Array.from({ length: 140 }, (_, n) => [n * 3, 2] as const));
    const added = Array.from({ length: 70 }, (_, n) => n * 6).flatMap((fileNo) =>
      vectorsFrom(CHUNKS + fileNo * 5, 5, 2).map((vector) => ({ ...vector, fileNo })),
    );
    await grow(indexes, 2, [...added, ...vectorsFrom(40, 30, 2), ...vectorsFrom(CHUNKS - 30, 30, 2)], bases);
    expect(await recallOf(index, oracle, 2)).toBeGreaterThanOrEqual(0.95);
    expect(await recallOf(index, oracle, 2, new Set([0, 1, 3, 6, 12]))).toBeGreaterThanOrEqual(0.95);
  });

  it('does no harm by doing a change twice', async () => {
    const index = memory();
    const vectors = vectorsFrom(0, 50, 1);
    await grow([index], 1, vectors);
    await grow([index], 1, vectors);
    const hits = await index.search('s', vectors[7]!.vector, { limit: 100, version: 1 });
    expect(hits?.[0]).toMatchObject({ chunkNo: 7, score: expect.closeTo(1, 2) });
    expect(new Set(numbersOf(hits)).size).toBe(hits?.length);
  });

  it('keeps its version when a change breaks off, and gets there with the next', async () => {
    const index = memory();
    const vectors = vectorsFrom(0, 50, 2);
    async function* broken() {
      yield vectors.slice(0, 20);
      throw new Error('The database is away.');
    }
    const bases = new Map<number, number>();
    await expect(index.apply('s', { toVersion: 2, bases, added: broken() })).rejects.toThrow('away');
    expect(await index.versionOf('s')).toBe(0);
    expect(await index.search('s', vectors[0]!.vector, { limit: 1, version: 2 })).toBeUndefined();
    await grow([index], 2, vectors);
    expect(await index.versionOf('s')).toBe(2);
    expect(numbersOf(await index.search('s', vectors[30]!.vector, { limit: 1, version: 2 }))).toEqual([30]);
  });

  it('says so when a shelf has been pushed out by others', async () => {
    const index = memory(0);
    for (const shelf of ['a', 'b', 'c']) {
      await index.apply(shelf, { toVersion: 1, bases: new Map(), added: inGroups(vectorsFrom(0, 10, 1)) });
    }
    const { vector } = vectorsFrom(0, 1, 1)[0]!;
    expect(await index.search('a', vector, { limit: 1, version: 1 })).toBeUndefined();
    expect(await index.search('c', vector, { limit: 1, version: 1 })).toBeDefined();
  });

  it('finds nothing for a vector without a direction or of another size', async () => {
    const index = memory();
    await grow([index], 1, vectorsFrom(0, 10, 1));
    expect(await index.search('s', new Float32Array(DIMENSIONS), { limit: 5, version: 1 })).toEqual([]);
    expect(await index.search('s', new Float32Array(3).fill(1), { limit: 5, version: 1 })).toEqual([]);
  });

  it('goes over to the size of the newest vectors', async () => {
    const index = memory();
    await grow([index], 1, vectorsFrom(0, 10, 1));
    const vector = Float32Array.of(1, 0, 1);
    await grow([index], 2, [{ chunkNo: 99, fileNo: 9, version: 2, vector }]);
    expect(numbersOf(await index.search('s', vector, { limit: 5, version: 2 }))).toEqual([99]);
  });

  const many = vectorsFrom(0, CHUNKS_FOR_THREADS, 1);

  it(
    'finds the same in threads, once there is much, and after it has grown and shrunk',
    async () => {
      const index = memory();
      const oracle = new ExactVectorIndex();
      const indexes = [index, oracle];
      await grow(indexes, 1, many);
      expect(await recallOf(index, oracle, 1, undefined, 2)).toBeGreaterThanOrEqual(0.95);
      const bases = new Map(Array.from({ length: 60 }, (_, n) => [n * 3, 2] as const));
      await grow(indexes, 2, vectorsFrom(CHUNKS_FOR_THREADS, 100, 2), bases);
      expect(await recallOf(index, oracle, 2, undefined, 2)).toBeGreaterThanOrEqual(0.95);
      const vector = randomVector();
      const once = await index.search('s', vector, { limit: 5, version: 2 });
      const searches = Array.from({ length: 5 }, () => index.search('s', vector, { limit: 5, version: 2 }));
      for (const hits of await Promise.all(searches)) expect(hits).toEqual(once);
    },
    MUCH_MS,
  );

  it(
    'gets over the death of its threads, and of a shelf that they had before',
    async () => {
      const dying = new DyingThreads();
      const index = new MemoryVectorIndex({ indexMb: 256 }, dying);
      await grow([index], 1, many);
      const { vector } = many[5]!;
      const during = index.search('s', vector, { limit: 1, version: 1 });
      await expect(during).rejects.toThrow('A thread for vectors failed');
      const search = async (version: number) =>
        numbersOf(await index.search('s', vector, { limit: 1, version }));
      expect(await search(1)).toEqual([5]);
      await index.drop('s');
      await grow([index], 2, many.toReversed());
      expect(await search(2)).toEqual([5]);
      await dying.onApplicationShutdown();
    },
    MUCH_MS,
  );
});
