import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { exactSearch, MetricKind } from 'usearch';
import type { ScanAnswer, ScanHit, ScanMessage, ScanOrder } from './scan-messages.js';

const isSource = import.meta.url.endsWith('.ts');
const program = new URL(isSource ? './scan.program.ts' : './scan.program.js', import.meta.url);
/** As memory is read no faster by more. */
const MAX_THREADS = 2;

/** A block of vectors, as a shelf has it. */
export interface SharedBlock {
  readonly id: number;
  readonly bytes: Int8Array;
  /** How many of its vectors count. */
  readonly rows: number;
}

/** What is to be found in all blocks. */
export interface VectorQuery {
  readonly query: Int8Array;
  readonly dimensions: number;
  readonly limit: number;
}

interface Pending {
  resolve: (answer: ScanAnswer) => void;
  reject: (error: Error) => void;
}

/** One thread. It begins with the first order, and after it has died with the next one. */
class ScanThread {
  private worker: Worker | undefined;
  private readonly pending = new Map<number, Pending>();
  private readonly known = new Set<number>();
  private lastId = 0;

  scan(blocks: readonly SharedBlock[], query: VectorQuery): Promise<ScanAnswer> {
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    const answered = new Promise<ScanAnswer>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    const named = blocks.map((block) => {
      if (this.known.has(block.id)) return { id: block.id, rows: block.rows };
      this.known.add(block.id);
      return { ...block, bytes: block.bytes as Int8Array<SharedArrayBuffer> };
    });
    const order: ScanOrder = { id, blocks: named, ...query };
    worker.ref();
    worker.postMessage({ kind: 'scan', order } satisfies ScanMessage, []);
    return answered;
  }

  forget(blockIds: readonly number[]): void {
    const known = blockIds.filter((id) => this.known.delete(id));
    if (known.length > 0) this.worker?.postMessage({ kind: 'forget', blockIds: known } satisfies ScanMessage);
  }

  async stop(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(program);
    worker.on('message', (answer: ScanAnswer) => {
      this.pending.get(answer.id)?.resolve(answer);
      this.pending.delete(answer.id);
      // A process that has nothing else to do may end.
      if (this.pending.size === 0) worker.unref();
    });
    let reason = 'it ended';
    worker.on('error', (error) => (reason = String(error)));
    worker.on('exit', () => {
      this.worker = undefined;
      this.known.clear();
      const lost = [...this.pending.values()];
      this.pending.clear();
      for (const { reject } of lost) reject(new Error(`A thread for vectors failed: ${reason}`));
    });
    return worker;
  }
}

/** Threads that compare vectors, so that a large search takes half as long and lets other work go on meanwhile. */
@Injectable()
export class ScanThreads implements OnApplicationShutdown {
  /** False where the library cannot read shared memory, as with older versions of Node. */
  readonly isUsable = canReadShared();
  private readonly threads = Array.from(
    { length: Math.min(MAX_THREADS, availableParallelism()) },
    () => new ScanThread(),
  );

  /** The vectors most like the query, the best first. The blocks must not change until it has ended. */
  async scan(blocks: readonly SharedBlock[], query: VectorQuery): Promise<ScanHit[]> {
    const { threads } = this;
    const settled = await Promise.allSettled(
      threads.map((thread, index) =>
        thread.scan(
          blocks.filter(({ id }) => id % threads.length === index),
          query,
        ),
      ),
    );
    const answers = settled.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
    const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
    if (failure !== undefined) throw new Error(failure);
    return answers
      .flatMap(({ hits }) => hits)
      .sort((a, b) => b.score - a.score)
      .slice(0, query.limit);
  }

  /** Has the memory of blocks that are not searched any more given back. */
  forget(blockIds: readonly number[]): void {
    for (const thread of this.threads) thread.forget(blockIds);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }
}

function canReadShared(): boolean {
  try {
    const vector = new Int8Array(new SharedArrayBuffer(1)).fill(1);
    return exactSearch(vector, Int8Array.of(1), 1, 1, MetricKind.Cos, 1).keys.length === 1;
  } catch {
    return false;
  }
}
