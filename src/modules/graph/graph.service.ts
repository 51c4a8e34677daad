import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { ErasureService } from '../conversation/index.js';
import {
  GRAPH_EXTRACTOR,
  type ChunkOutcome,
  type GraphExtractor,
  type SourceChunk,
  type TokenBudget,
} from './extractors/graph-extractor.js';
import { type GraphFile, type GraphRun, GraphRunRepository } from './graph-run.repository.js';
import { GraphCharges } from './graph-charges.js';
import { graphFileOvertaken } from './graph.errors.js';
import { GraphMetrics } from './graph-metrics.js';
import { graphConfig } from './graph.config.js';
import { GraphRepository } from './graph.repository.js';

/** How far a file has been read. */
export interface GraphProgress {
  /** Chunks that are done with, in whatever way. */
  chunks: number;
  /** Of these, those that had been read before, as they are. */
  unchanged: number;
  /** Those that the model would not read, could not be understood about, or were too much for what it may cost. */
  refused: number;
  malformed: number;
  overBudget: number;
  /** What a model has taken, in this run, and in how many calls. */
  tokensSpent: number;
  calls: number;
}

export interface ReplaceOptions {
  readonly signal: AbortSignal;
  /** Told after each batch of chunks. */
  readonly onProgress?: (progress: Readonly<GraphProgress>) => void | Promise<void>;
}

/** A chunk says at most 200 things of each kind; so many can be taken away in a short transaction. */
const CHUNKS_A_REMOVAL = 5;

/** Keeps the graph of each owner: what files say of which entities and relations. */
@Injectable()
export class GraphService {
  constructor(
    private readonly runs: GraphRunRepository,
    private readonly graph: GraphRepository,
    private readonly metrics: GraphMetrics,
    private readonly charges: GraphCharges,
    @Inject(graphConfig.token) private readonly config: ConfigOf<typeof graphConfig>,
    @Inject(GRAPH_EXTRACTOR) private readonly extractor: GraphExtractor,
    private readonly erasures: ErasureService,
  ) {}

  /**
   * Reads all chunks of a file and puts what they say in the place of what the file said before. Chunks that have been
   * read as they are, by the same extractor, are not read again: after a crash a second call goes on where the first
   * stopped, and both together leave what one would have. What chunks say that are no longer there goes at the end.
   * @param chunks with ids that are theirs alone; each is written in a transaction of its own.
   * @throws graph_file_overtaken if a later call has the file, it was removed or its owner erased; insufficient_coins; a
   *   provider error that may pass; after the signal is aborted, its reason. What was read until then stays.
   */
  async replaceFile(
    file: GraphFile,
    chunks: AsyncIterable<SourceChunk>,
    { signal, onProgress }: ReplaceOptions,
  ): Promise<GraphProgress> {
    if (await this.erasures.isUserErased(file.ownerId)) throw graphFileOvertaken();
    const run = await this.runs.begin(file);
    const progress = {
      chunks: 0,
      unchanged: 0,
      refused: 0,
      malformed: 0,
      overBudget: 0,
      tokensSpent: 0,
      calls: 0,
    };
    for await (const batch of batchesOf(chunks, this.extractor.chunksABatch)) {
      signal.throwIfAborted();
      await this.readBatch(run, batch, progress, signal);
      await onProgress?.(progress);
    }
    signal.throwIfAborted();
    await this.removeUnmet(run, signal);
    await this.runs.finish(run);
    return progress;
  }

  /**
   * Forgets what a file says. What no other file says goes. Can be called again, and for a file without a graph; a
   * `replaceFile` that is under way ends with graph_file_overtaken.
   * @throws graph_file_overtaken if a later call reads the file meanwhile.
   */
  async removeFile(fileId: string, signal?: AbortSignal): Promise<void> {
    const run = await this.runs.beginRemoval(fileId);
    if (!run) return;
    await this.removeUnmet(run, signal);
    await this.runs.forget(run);
  }

  private async readBatch(
    run: GraphRun,
    batch: readonly SourceChunk[],
    progress: GraphProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const keys = new Map(batch.map(({ chunkId, text }) => [chunkId, keyOf(this.extractor.name, text)]));
    const unchanged = await this.runs.findUnchanged(run, keys);
    await this.runs.meet(run, [...unchanged]);
    const changed = batch.filter(({ chunkId }) => !unchanged.has(chunkId));
    progress.unchanged += unchanged.size;
    if (changed.length > 0) {
      const budget = this.budgetOf(run, progress);
      const outcomes = await this.extractor.extract(changed, budget, signal);
      for (const [index, { chunkId }] of changed.entries()) {
        const outcome = outcomes[index];
        if (!outcome) throw new Error(`${this.extractor.name} has said nothing of a chunk.`);
        await this.keep(run, chunkId, keys.get(chunkId) ?? Buffer.alloc(0), outcome);
        this.metrics.came(outcome.state);
        count(progress, outcome);
      }
    }
    progress.chunks += batch.length;
  }

  private budgetOf(run: GraphRun, progress: GraphProgress): TokenBudget {
    const { maxTokensAFile } = this.config;
    return {
      get left() {
        return maxTokensAFile - run.tokensSpent - progress.tokensSpent;
      },
      beginCall: async (mostCost) => {
        progress.calls++;
        const held = await this.charges.hold(run, progress.calls, mostCost);
        return {
          end: async (tokens, cost) => {
            progress.tokensSpent += tokens;
            this.metrics.spent(tokens);
            if (held) await this.charges.settle(held, cost);
            await this.runs.noteSpent(run, tokens);
          },
        };
      },
    };
  }

  private async keep(run: GraphRun, chunkId: string, key: Buffer, outcome: ChunkOutcome): Promise<void> {
    if (outcome.state !== 'read') return;
    await this.runs.change(run, async (transaction) => {
      await this.graph.replaceChunk(transaction, run.ownerId, chunkId, outcome.extraction);
      await this.runs.noteRead(transaction, run, chunkId, key, this.extractor.name);
    });
  }

  private async removeUnmet(run: GraphRun, signal?: AbortSignal): Promise<void> {
    for (let isDone = false; !isDone;) {
      signal?.throwIfAborted();
      isDone = await this.runs.change(run, async (transaction) => {
        const chunkIds = await this.runs.findUnmet(transaction, run, CHUNKS_A_REMOVAL);
        if (chunkIds.length === 0) return true;
        await this.graph.removeChunks(transaction, chunkIds);
        await this.runs.forgetChunks(transaction, chunkIds);
        return false;
      });
    }
  }
}

/** Another text, or another extractor, is read anew. */
function keyOf(extractor: string, text: string): Buffer {
  return createHash('sha256').update(`${extractor}\0${text}`).digest();
}

function count(progress: GraphProgress, { state }: ChunkOutcome): void {
  if (state === 'refused') progress.refused++;
  else if (state === 'malformed') progress.malformed++;
  else if (state === 'over_budget') progress.overBudget++;
}

async function* batchesOf<T>(items: AsyncIterable<T>, size: number): AsyncIterable<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
