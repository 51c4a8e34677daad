import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ScanAnswer, ScanHit, ScanOrder } from './scan-messages.js';

const isSource = import.meta.url.endsWith('.ts');
const program = new URL(isSource ? './scan.program.ts' : './scan.program.js', import.meta.url);
/** As memory is read no faster by more. */
const MAX_THREADS = 2;

/** A thread ended while it had blocks: they are gone with it. */
export class BlocksLostError extends Error {}

/** What is to be found where; blocks begin with their first vector. */
export interface BlocksToScan {
  readonly blocks: Int8Array<ArrayBuffer>[];
  readonly rows: readonly number[];
  readonly query: Int8Array;
  readonly dimensions: number;
  readonly limit: number;
}

interface Pending {
  resolve: (answer: ScanAnswer) => void;
  reject: (error: Error) => void;
}

/** One thread, which begins with the first order and after it has died with the next one. */
class ScanThread {
  private worker: Worker | undefined;
  private readonly pending = new Map<number, Pending>();

  async order(order: ScanOrder): Promise<ScanAnswer> {
    const worker = (this.worker ??= this.start());
    const answered = new Promise<ScanAnswer>((resolve, reject) =>
      this.pending.set(order.id, { resolve, reject }),
    );
    worker.ref();
    worker.postMessage(order, [...order.blocks]);
    return answered;
  }

  async stop(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(program);
    worker.on('message', (answer: ScanAnswer) => {
      this.pending.get(answer.id)?.resolve(answer);
      this.pending.delete(answer.id);
      if (this.pending.size === 0) worker.unref();
    });
    let reason = 'it ended';
    worker.on('error', (error) => (reason = String(error)));
    worker.on('exit', () => {
      this.worker = undefined;
      const lost = [...this.pending.values()];
      this.pending.clear();
      for (const { reject } of lost) reject(new BlocksLostError(`A thread for vectors failed: ${reason}`));
    });
    return worker;
  }
}

/** Threads that compare vectors, so that a large search takes half as long and lets other work go on meanwhile. */
@Injectable()
export class ScanThreads implements OnApplicationShutdown {
  private readonly threads = Array.from(
    { length: Math.min(MAX_THREADS, availableParallelism()) },
    () => new ScanThread(),
  );
  private lastId = 0;

  /**
   * The vectors most like the query, the best first. The blocks belong to the threads until this has ended: they are
   * empty meanwhile, and full again in their places then.
   * @throws BlocksLostError: the blocks are gone
   */
  async scan({ blocks, rows, ...what }: BlocksToScan): Promise<ScanHit[]> {
    const shares: number[][] = this.threads.map(() => []);
    blocks.forEach((_, block) => shares[block % shares.length]?.push(block));
    const settled = await Promise.allSettled(
      this.threads.map((thread, index) => {
        const share = shares[index] ?? [];
        return thread.order({
          ...what,
          id: ++this.lastId,
          blocks: share.flatMap((block) => blocks[block]?.buffer ?? []),
          rows: share.map((block) => rows[block] ?? 0),
        });
      }),
    );
    settled.forEach((each, index) => {
      if (each.status === 'rejected') return;
      each.value.blocks.forEach((bytes, at) => (blocks[shares[index]?.[at] ?? 0] = new Int8Array(bytes)));
    });
    const answers = settled.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
    const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
    if (failure !== undefined) throw new Error(failure);
    return answers
      .flatMap(({ hits }, index) => hits.map((hit) => ({ ...hit, block: shares[index]?.[hit.block] ?? 0 })))
      .sort((a, b) => b.score - a.score)
      .slice(0, what.limit);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }
}
