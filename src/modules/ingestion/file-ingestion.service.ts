import { setImmediate as letOthersWork } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type Block, type Chunk, chunksOf, DocumentReader } from '../extraction/index.js';
import { FileProgress, FileService, type FileStep, type StoredFile } from '../file/index.js';
import { type GraphProgress, GraphService } from '../graph/index.js';
import { KnowledgeService } from '../knowledge/index.js';
import { languageOf } from './language.js';
import { LocalCopies } from './local-copies.js';

const WHOLE = 100;
/** Reading a document is told as this much of the chunking; dividing it is quick. */
const READ = 60;
/** Progress is told no more often than this. */
const REPORT_INTERVAL_MS = 500;

/**
 * The steps by which a file becomes something that can be found. Each reports its progress, can be called again after
 * it was cut off anywhere, and leaves then what one call would have left.
 */
@Injectable()
export class FileIngestion {
  constructor(
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly copies: LocalCopies,
    private readonly reader: DocumentReader,
    private readonly knowledge: KnowledgeService,
    private readonly graph: GraphService,
  ) {}

  /**
   * Reads the document and keeps its chunks in place of those it has.
   * @returns how many there are
   * @throws what `DocumentReader.read` and `KnowledgeService.replaceChunks` do; file_not_found
   */
  chunk(file: StoredFile, signal: AbortSignal): Promise<number> {
    return this.step(file, 'chunking', async () => {
      const document = await this.copies.with(await this.files.open(file.id), signal, (path) =>
        this.reader.read({ path, mediaType: file.mediaType, name: file.name }, {}, signal),
      );
      await this.progress.report(file.id, 'chunking', { status: 'processing', progress: READ });
      const source = { fileId: file.id, ownerId: file.ownerId };
      return this.knowledge.replaceChunks(source, inTurns(document.blocks), signal);
    });
  }

  /** Makes and stores the vectors that chunks of the file lack. @throws as `KnowledgeService.embedPending` */
  async embed(file: StoredFile, signal: AbortSignal): Promise<number> {
    let total = 0;
    await this.step(file, 'vectorization', () => {
      const report = this.reporterOf(file, 'vectorization');
      return this.knowledge.embedPending(file.id, {
        signal,
        onProgress: async (progress) => {
          ({ total } = progress);
          await report(progress.done, progress.total);
        },
      });
    });
    // Each batch of vectors is stored with the transaction that says it is made.
    await this.progress.report(file.id, 'storage', { status: 'completed', progress: WHOLE });
    return total;
  }

  /** Reads what the chunks say of entities and relations. @throws as `GraphService.replaceFile` */
  extractGraph(file: StoredFile, signal: AbortSignal): Promise<GraphProgress> {
    return this.step(file, 'kg_extraction', async () => {
      const total = await this.knowledge.countChunks(file.id);
      const report = this.reporterOf(file, 'kg_extraction');
      return this.graph.replaceFile({ fileId: file.id, ownerId: file.ownerId }, this.sourceChunks(file.id), {
        signal,
        onProgress: ({ chunks }) => report(chunks, total),
      });
    });
  }

  private async *sourceChunks(fileId: string) {
    for await (const { id, text } of this.knowledge.readChunks(fileId)) {
      yield { chunkId: id, text, language: languageOf(text) };
    }
  }

  private async step<T>(file: StoredFile, step: FileStep, work: () => Promise<T>): Promise<T> {
    await this.progress.report(file.id, step, { status: 'processing', progress: 0 });
    const result = await work();
    await this.progress.report(file.id, step, { status: 'completed', progress: WHOLE });
    return result;
  }

  private reporterOf(file: StoredFile, step: FileStep): (done: number, total: number) => Promise<void> {
    let reportedAt = performance.now();
    return async (done, total) => {
      if (performance.now() - reportedAt < REPORT_INTERVAL_MS) return;
      reportedAt = performance.now();
      const share = total === 0 ? WHOLE : Math.min(WHOLE - 1, (done * WHOLE) / total);
      await this.progress.report(file.id, step, { status: 'processing', progress: share });
    };
  }
}

/** Divides blocks into chunks, with room for other work between them: counting tokens takes long. */
async function* inTurns(blocks: readonly Block[]): AsyncIterable<Chunk> {
  for (const chunk of chunksOf(blocks)) {
    yield chunk;
    await letOthersWork();
  }
}
