import { setImmediate as nextTurn } from 'node:timers/promises';
import { exactSearch, MetricKind } from 'usearch';
import { quantise } from '../../../shared/search/vectors.js';
import type { ScanThreads } from './scan-threads.js';
import type { StoredVector, VectorHit } from './vector-index.js';

/** How many vectors are compared without letting other work in: about a millisecond's. */
const ROWS_A_BLOCK = 8_192;
/** From so many blocks on, threads are worth the way to them. */
const BLOCKS_FOR_THREADS = 8;
const FIRST_ROWS = 128;
/** What a row takes beside its vector, about. */
const BYTES_A_ROW = 150;

/** What is known of a row beside its vector. */
interface Row {
  chunkNo: number;
  fileNo: number;
  version: number;
}

interface Block {
  /** Another one when its memory is another. */
  readonly id: number;
  readonly bytes: Int8Array;
}

let lastBlockId = 0;

/** Vectors as signed bytes, one after the other in blocks. A row that goes is filled with the last one. */
export class VectorShelf {
  private readonly blocks: Block[] = [];
  private readonly rows: Row[] = [];
  private readonly rowOf = new Map<number, number>();
  /** Where the vectors of named files are gathered; there is none until files are named. */
  private scratch: Int8Array<ArrayBuffer> = new Int8Array(0);

  constructor(
    readonly dimensions: number,
    private readonly threads: ScanThreads,
  ) {}

  get size(): number {
    return this.rows.length;
  }

  /** About how much memory it takes. */
  get bytes(): number {
    const vectors = this.blocks.reduce((sum, { bytes }) => sum + bytes.length, this.scratch.length);
    return vectors + this.rows.length * BYTES_A_ROW;
  }

  /** Adds a vector, or puts it in the place of the one that the chunk has. */
  put({ chunkNo, fileNo, version, vector }: StoredVector): void {
    let index = this.rowOf.get(chunkNo);
    if (index === undefined) {
      index = this.rows.length;
      this.makeRoom(index);
      this.rowOf.set(chunkNo, index);
    }
    this.rows[index] = { chunkNo, fileNo, version };
    this.vectorAt(index).set(quantise(vector));
  }

  /** Drops the vectors of files from before the version that is named for each. */
  dropBefore(bases: ReadonlyMap<number, number>): void {
    if (bases.size === 0) return;
    // From the end on, so that what fills a place has been looked at.
    for (let index = this.rows.length - 1; index >= 0; index--) {
      const row = this.rows[index];
      if (row && row.version < (bases.get(row.fileNo) ?? 0)) this.removeRow(index, row);
    }
  }

  /** The rows most like a vector, the best first. Other work goes on meanwhile, but none on this shelf may. */
  async search(
    vector: Float32Array,
    fileNos: ReadonlySet<number> | undefined,
    limit: number,
  ): Promise<VectorHit[]> {
    const query = quantise(vector);
    if (vector.length !== this.dimensions || query.every((value) => value === 0)) return [];
    const isMuch = this.blocks.length >= BLOCKS_FOR_THREADS;
    if (isMuch && !fileNos && this.threads.isUsable) return this.searchInThreads(query, limit);
    let best: VectorHit[] = [];
    for (let block = 0; block < this.blocks.length; block++) {
      best = [...best, ...this.searchBlock(block, query, fileNos, limit)]
        .sort((a, b) => b.score - a.score)
        .slice(0, limit);
      await nextTurn();
    }
    return best;
  }

  /** Gives back what threads have of it; it is not searched any more. */
  close(): void {
    this.threads.forget(this.blocks.map(({ id }) => id));
  }

  private async searchInThreads(query: Int8Array, limit: number): Promise<VectorHit[]> {
    const blocks = this.blocks.map((block, number) => ({ ...block, rows: this.rowsIn(number) }));
    const starts = new Map(blocks.map(({ id }, number) => [id, number * ROWS_A_BLOCK]));
    const hits = await this.threads.scan(blocks, { query, dimensions: this.dimensions, limit });
    return hits.map(({ blockId, row, score }) => ({
      chunkNo: this.rows[(starts.get(blockId) ?? 0) + row]?.chunkNo ?? 0,
      score,
    }));
  }

  private rowsIn(block: number): number {
    return Math.min(ROWS_A_BLOCK, this.rows.length - block * ROWS_A_BLOCK);
  }

  private searchBlock(
    block: number,
    query: Int8Array,
    fileNos: ReadonlySet<number> | undefined,
    limit: number,
  ): VectorHit[] {
    const start = block * ROWS_A_BLOCK;
    const indices = fileNos && this.gather(start, fileNos);
    const count = indices?.length ?? this.rowsIn(block);
    const vectors = indices ? this.scratch : this.blocks[block]?.bytes;
    if (!vectors || count === 0) return [];
    // The library reads buffers from their beginning, wherever a view of them begins: all of ours begin there.
    const compared = vectors.subarray(0, count * this.dimensions);
    const wanted = Math.min(limit, count);
    const found = exactSearch(compared, query, this.dimensions, wanted, MetricKind.Cos, 1);
    return Array.from(found.keys, (key, rank) => {
      const at = Number(key);
      const row = this.rows[indices ? (indices[at] ?? 0) : start + at];
      return { chunkNo: row?.chunkNo ?? 0, score: 1 - (found.distances[rank] ?? 1) };
    }).filter(({ score }) => score > 0);
  }

  /** Puts the vectors of a block that are of these files one after the other. @returns which rows they are */
  private gather(start: number, fileNos: ReadonlySet<number>): number[] {
    const indices: number[] = [];
    const end = Math.min(start + ROWS_A_BLOCK, this.rows.length);
    if (this.scratch.length === 0) this.scratch = new Int8Array(ROWS_A_BLOCK * this.dimensions);
    for (let index = start; index < end; index++) {
      if (!fileNos.has(this.rows[index]?.fileNo ?? -1)) continue;
      this.scratch.set(this.vectorAt(index), indices.length * this.dimensions);
      indices.push(index);
    }
    return indices;
  }

  private removeRow(index: number, { chunkNo }: Row): void {
    const last = this.rows.length - 1;
    const mover = this.rows[last];
    if (mover && index !== last) {
      this.vectorAt(index).set(this.vectorAt(last));
      this.rows[index] = mover;
      this.rowOf.set(mover.chunkNo, index);
    }
    this.rows.pop();
    this.rowOf.delete(chunkNo);
    const gone = this.blocks.splice(Math.ceil(this.rows.length / ROWS_A_BLOCK));
    this.threads.forget(gone.map(({ id }) => id));
  }

  /** A block begins small, as most owners have little, and doubles. */
  private makeRoom(index: number): void {
    const number = Math.floor(index / ROWS_A_BLOCK);
    const rows = (index % ROWS_A_BLOCK) + 1;
    const block = this.blocks[number];
    if (block && block.bytes.length >= rows * this.dimensions) return;
    const isFirst = number === 0;
    const capacity = isFirst ? Math.min(ROWS_A_BLOCK, Math.max(FIRST_ROWS, rows * 2)) : ROWS_A_BLOCK;
    const bytes = this.allocate(capacity * this.dimensions);
    if (block) {
      bytes.set(block.bytes);
      this.threads.forget([block.id]);
    }
    this.blocks[number] = { id: ++lastBlockId, bytes };
  }

  private allocate(length: number): Int8Array {
    return new Int8Array(this.threads.isUsable ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  }

  private vectorAt(index: number): Int8Array {
    const block = this.blocks[Math.floor(index / ROWS_A_BLOCK)];
    const start = (index % ROWS_A_BLOCK) * this.dimensions;
    if (!block) throw new Error(`There is no row ${index}.`);
    return block.bytes.subarray(start, start + this.dimensions);
  }
}
