import { Injectable, Logger } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { ErasureService } from '../conversation/index.js';
import { EmbeddingsService } from '../provider/index.js';
import { MembershipRepository } from './collections/membership.repository.js';
import type { KnowledgeSource, NewChunk } from './domain/chunk.js';
import { ChunkRepository, type StoredChunk, type UnembeddedChunk } from './files/chunk.repository.js';
import {
  type EmbeddedPlace,
  type KnowledgeFile,
  KnowledgeFileRepository,
} from './files/knowledge-file.repository.js';
import { chunkLimitReached, knowledgeFileNotFound, knowledgeFileSuperseded } from './knowledge.errors.js';
import { VectorRepository } from './vectors/vector.repository.js';

/** How many chunks a file may have. */
const MAX_CHUNKS = 100_000;
/** How many are written while the file is locked; each has up to 2,000 postings. */
const CHUNKS_A_TRANSACTION = 50;
const CHUNKS_A_DELETION = 20;
/** How many are embedded with one call, and written at once. */
const CHUNKS_A_CALL = 64;
const FILES_AN_ERASURE = 100;
const FORGOTTEN_AT_ONCE = 100;

/** How far the embedding of a file has come. */
export interface EmbeddingProgress {
  /** Chunks with a vector, or of which the embedder takes no vector. */
  readonly done: number;
  readonly total: number;
}

/** Keeps what is found of files: their chunks, the words of these and their vectors. All of it may be done twice. */
@Injectable()
export class KnowledgeService {
  private readonly logger = new Logger('Knowledge');

  constructor(
    private readonly transactions: Transactions,
    private readonly files: KnowledgeFileRepository,
    private readonly chunks: ChunkRepository,
    private readonly vectors: VectorRepository,
    private readonly memberships: MembershipRepository,
    private readonly embeddings: EmbeddingsService,
    private readonly erasures: ErasureService,
  ) {}

  /**
   * Makes a file known, so that it can be put into collections.
   * @throws knowledge_file_not_found for another's; knowledge_file_superseded if the owner has been erased
   */
  async addFile({ fileId, ownerId }: KnowledgeSource): Promise<void> {
    if (!(await this.isKnown(ownerId, fileId))) {
      // Whoever erases the owner looks again for a while: what is made behind this question does not stay.
      if (await this.erasures.isUserErased(ownerId)) throw knowledgeFileSuperseded();
      await this.transactions.run((transaction) => this.files.ensureWithin(transaction, ownerId, fileId));
    }
    if (!(await this.isKnown(ownerId, fileId))) throw knowledgeFileNotFound();
  }

  /**
   * Gives a file these chunks in place of those it has. Until this returns the old ones are found, from then on the
   * new ones by their words; call `embedPending` for their vectors. If it fails or its process dies, the old ones
   * stay, and what it left is cleared by the next call. Of two at once the one that began later wins.
   * @returns how many chunks there are
   * @throws knowledge_file_not_found for another's file; knowledge_file_superseded if the file was removed, or a later
   *   call has begun; chunk_limit_reached
   */
  async replaceChunks(
    source: KnowledgeSource,
    chunks: Iterable<NewChunk> | AsyncIterable<NewChunk>,
    signal?: AbortSignal,
  ): Promise<number> {
    await this.addFile(source);
    const { file, generation } = await this.beginGeneration(source.fileId);
    await this.clear(file.fileNo, generation, file.generation);
    let count = 0;
    for await (const group of groupsOf(chunks, CHUNKS_A_TRANSACTION)) {
      signal?.throwIfAborted();
      count += group.length;
      if (count > MAX_CHUNKS) throw chunkLimitReached({ details: { limit: MAX_CHUNKS } });
      await this.transactions.run(async (transaction) => {
        await this.holdGeneration(transaction, file.fileNo, generation);
        await this.chunks.add(transaction, file, generation, group);
      });
    }
    signal?.throwIfAborted();
    await this.switchTo(file, generation, count);
    await this.clear(file.fileNo, generation, generation);
    return count;
  }

  /**
   * Embeds the chunks of a file that have no vector of the configured embedder, a batch at a time: what is done stays
   * done, whatever happens then. A chunk that the embedder refuses has none, and is found by its words.
   * @throws a provider error; knowledge_file_superseded if the file was removed or has other chunks meanwhile
   */
  async embedPending(
    fileId: string,
    options: { signal: AbortSignal; onProgress?: (progress: EmbeddingProgress) => void | Promise<void> },
  ): Promise<void> {
    const { signal, onProgress } = options;
    const { embedder } = this.embeddings;
    const file = await this.presentFile(fileId);
    const total = file.chunkCount;
    let done = total - (await this.chunks.countUnembedded(file, embedder));
    await onProgress?.({ done, total });
    for (let from = 0; ;) {
      signal.throwIfAborted();
      const batch = await this.chunks.listUnembedded(file, embedder, from, CHUNKS_A_CALL);
      const last = batch.at(-1);
      if (!last) return this.noteEmbedded(file, embedder);
      await this.embedBatch(file, embedder, batch, signal);
      from = last.position + 1;
      done += batch.length;
      await onProgress?.({ done, total });
    }
  }

  /** How many chunks a file has. @throws knowledge_file_superseded if it was removed */
  async countChunks(fileId: string): Promise<number> {
    return (await this.presentFile(fileId)).chunkCount;
  }

  /** Has `embedPending` make all vectors of a file again; until then those that there are are found. */
  async forgetVectors(fileId: string): Promise<void> {
    const { fileNo } = await this.presentFile(fileId);
    await this.transactions.run(async (transaction) => {
      const file = await this.files.lock(transaction, fileNo);
      if (!file || file.isRemoved) throw knowledgeFileSuperseded();
      await this.chunks.markAllUnembedded(transaction, file);
      await this.files.setEmbedder(transaction, fileNo, '');
    });
  }

  /**
   * Some of the files that were embedded by another embedder than the one that is configured, of all owners, behind a
   * place. `embedPending` embeds them anew; until then they are found by their words alone.
   */
  listOutdated(
    after: EmbeddedPlace | undefined,
    limit: number,
  ): Promise<(EmbeddedPlace & { fileId: string })[]> {
    return this.files.listEmbeddedByOther(this.embeddings.embedder, after, limit);
  }

  /** The chunks of a file in their order, read as they are asked for. @throws knowledge_file_superseded if it was removed */
  async *readChunks(fileId: string): AsyncIterable<StoredChunk> {
    const file = await this.presentFile(fileId);
    for (let from = 0; ;) {
      const chunks = await this.chunks.list(file, from, CHUNKS_A_TRANSACTION);
      yield* chunks;
      const last = chunks.at(-1);
      if (!last) return;
      from = last.position + 1;
    }
  }

  /**
   * Takes a file out of everything. From the first moment on it is not found, and nothing can be added; then what is
   * kept of it is deleted in batches. A file that is not known is none. Call it again if it fails.
   */
  async removeFile(fileId: string): Promise<void> {
    const file = await this.files.find(fileId);
    if (!file) return;
    await this.transactions.run((transaction) => this.markRemoved(transaction, file));
    const removed = await this.files.find(fileId);
    await this.clear(file.fileNo, (removed ?? file).lastGeneration + 1, -1);
    await this.files.forgetRemoved(file.ownerNo, FORGOTTEN_AT_ONCE);
  }

  /** Erases all files of an owner with what is kept of them. */
  async eraseOwner(ownerId: string): Promise<void> {
    const owner = await this.files.findOwner(ownerId);
    if (!owner) return;
    do {
      for (;;) {
        const files = await this.files.listOf(owner.ownerNo, FILES_AN_ERASURE);
        if (files.length === 0) break;
        for (const { fileId, fileNo } of files) {
          await this.removeFile(fileId);
          await this.files.forget(fileNo);
        }
      }
    } while (!(await this.files.forgetOwner(owner.ownerNo)));
  }

  private async isKnown(ownerId: string, fileId: string): Promise<boolean> {
    const [owner, file] = await Promise.all([this.files.findOwner(ownerId), this.files.find(fileId)]);
    return owner !== undefined && file?.ownerNo === owner.ownerNo;
  }

  private async presentFile(fileId: string): Promise<KnowledgeFile> {
    const file = await this.files.find(fileId);
    if (!file || file.isRemoved) throw knowledgeFileSuperseded();
    return file;
  }

  private async beginGeneration(fileId: string): Promise<{ file: KnowledgeFile; generation: number }> {
    const { fileNo } = await this.presentFile(fileId);
    return this.transactions.run(async (transaction) => {
      const file = await this.files.lock(transaction, fileNo);
      if (!file || file.isRemoved) throw knowledgeFileSuperseded();
      const generation = file.lastGeneration + 1;
      await this.files.setLastGeneration(transaction, fileNo, generation);
      return { file, generation };
    });
  }

  /** Holds the file until the transaction ends. @throws knowledge_file_superseded if this is no longer the last one */
  private async holdGeneration(transaction: Transaction, fileNo: string, generation: number): Promise<void> {
    const file = await this.files.lock(transaction, fileNo);
    if (!file || file.isRemoved || file.lastGeneration !== generation) throw knowledgeFileSuperseded();
  }

  private async switchTo(
    { fileNo, ownerNo }: KnowledgeFile,
    generation: number,
    chunkCount: number,
  ): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const version = await this.files.nextVersion(transaction, ownerNo);
      if (version === undefined) throw knowledgeFileSuperseded();
      await this.holdGeneration(transaction, fileNo, generation);
      await this.files.setGeneration(transaction, fileNo, { generation, chunkCount, version });
    });
  }

  private async markRemoved(transaction: Transaction, { fileNo, ownerNo }: KnowledgeFile): Promise<void> {
    const version = await this.files.nextVersion(transaction, ownerNo);
    const file = await this.files.lock(transaction, fileNo);
    if (version === undefined || !file) return;
    await this.files.markRemoved(transaction, fileNo, version);
    await this.memberships.removeFile(transaction, fileNo);
  }

  private async clear(fileNo: string, below: number, kept: number): Promise<void> {
    while ((await this.chunks.deleteGenerations(fileNo, below, kept, CHUNKS_A_DELETION)) > 0);
  }

  /** Notes that all chunks of a file are embedded, if it is still so. */
  private async noteEmbedded({ fileNo, generation }: KnowledgeFile, embedder: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const file = await this.files.lock(transaction, fileNo);
      if (!file || file.isRemoved || file.generation !== generation) throw knowledgeFileSuperseded();
      if (await this.chunks.isAnyUnembedded(transaction, file, embedder)) return;
      await this.files.setEmbedder(transaction, fileNo, embedder);
    });
  }

  private async embedBatch(
    file: KnowledgeFile,
    embedder: string,
    batch: readonly UnembeddedChunk[],
    signal: AbortSignal,
  ): Promise<void> {
    const made = await this.embeddings.embedEach(
      batch.map(({ text }) => text),
      signal,
    );
    const vectors = new Map<string, Float32Array>();
    batch.forEach(({ chunkNo }, index) => {
      const vector = made[index];
      if (vector instanceof Float32Array) vectors.set(chunkNo, vector);
      else this.logger.warn('a chunk cannot be embedded', { file_id: file.fileId, ...vector });
    });
    await this.transactions.run(async (transaction) => {
      const version = await this.files.nextVersion(transaction, file.ownerNo);
      const now = await this.files.lock(transaction, file.fileNo);
      if (version === undefined || !now || now.isRemoved || now.generation !== file.generation) {
        throw knowledgeFileSuperseded();
      }
      await this.vectors.replace(transaction, { file, version, embedder, vectors });
      const chunkNos = batch.map(({ chunkNo }) => chunkNo);
      await this.chunks.markEmbedded(transaction, chunkNos, embedder);
    });
  }
}

async function* groupsOf<T>(all: Iterable<T> | AsyncIterable<T>, size: number): AsyncIterable<T[]> {
  let group: T[] = [];
  for await (const item of all) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
