import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { newId } from '../../../shared/ids.js';
import { termCountsOf } from '../../../shared/search/terms.js';
import { type ChunkPlace, type NewChunk, textToFind } from '../domain/chunk.js';
import type { KnowledgeFile } from './knowledge-file.repository.js';

/** A chunk that is to be embedded. */
export interface UnembeddedChunk {
  readonly chunkNo: string;
  readonly position: number;
  readonly text: string;
}

/** A chunk as it is read to be worked on further. */
export interface StoredChunk {
  readonly id: string;
  readonly position: number;
  readonly text: string;
  readonly headings: readonly string[];
  readonly place: ChunkPlace;
  readonly tokens: number;
}

/** A chunk that is found, with its file. */
export interface FoundChunk extends StoredChunk {
  readonly chunkNo: number;
  readonly fileId: string;
}

/** A chunk as its owner looks at it. */
export interface ShownChunk extends StoredChunk {
  readonly fileId: string;
  /** Whether it has a vector, by whatever embedder. */
  readonly isEmbedded: boolean;
}

interface ChunkRow {
  chunk_no: string;
  id: string;
  file_id: string;
  position: number;
  text: string;
  headings: string | string[];
  place: string | ChunkPlace;
  tokens: number;
}

interface ShownRow extends ChunkRow {
  is_embedded: string | number;
}

const SHOWN_COLUMNS = `c.id, f.file_id, c.position, c.text, c.headings, c.place, c.tokens,
  EXISTS (SELECT 1 FROM knowledge_vectors v WHERE v.chunk_no = c.chunk_no) AS is_embedded`;
const POSTINGS_A_STATEMENT = 2_000;
const MAX_FREQUENCY = 255;

/** The rows of `knowledge_chunks` with their postings in `knowledge_terms`. */
@Injectable()
export class ChunkRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Adds chunks of a generation with their postings; the file is to be locked. */
  async add(
    transaction: Transaction,
    { ownerNo, fileNo }: KnowledgeFile,
    generation: number,
    chunks: readonly NewChunk[],
  ): Promise<void> {
    const terms = chunks.map((chunk) => termCountsOf(textToFind(chunk)));
    const rows = chunks.map((chunk, index) => [
      newId(),
      ownerNo,
      fileNo,
      generation,
      chunk.index,
      chunk.text.toWellFormed(),
      JSON.stringify(chunk.headings),
      JSON.stringify(chunk.place),
      chunk.tokens,
      packTerms([...(terms[index]?.keys() ?? [])]),
    ]);
    await transaction.query(
      `INSERT INTO knowledge_chunks
         (id, owner_no, file_no, generation, position, text, headings, place, tokens, terms) VALUES ?`,
      [rows],
    );
    const numbers = await this.numbersOf(transaction, fileNo, generation, chunks);
    const postings = chunks.flatMap((chunk, index) =>
      Array.from(terms[index] ?? [], ([term, count]) => [
        ownerNo,
        term,
        numbers.get(chunk.index),
        fileNo,
        Math.min(count, MAX_FREQUENCY),
      ]),
    );
    // In the order of the key, near enough: neighbours in the table are written one after the other.
    postings.sort((a, b) => Number(a[1]) - Number(b[1]));
    for (let start = 0; start < postings.length; start += POSTINGS_A_STATEMENT) {
      await transaction.query(
        'INSERT INTO knowledge_terms (owner_no, term, chunk_no, file_no, frequency) VALUES ?',
        [postings.slice(start, start + POSTINGS_A_STATEMENT)],
      );
    }
  }

  /** Up to `limit` chunks of a generation from a position on that have no vector of this embedder. */
  async listUnembedded(
    { fileNo, generation }: KnowledgeFile,
    embedder: string,
    from: number,
    limit: number,
  ): Promise<UnembeddedChunk[]> {
    const rows: ChunkRow[] = await this.transactions.single.query(
      `SELECT chunk_no, position, text, headings FROM knowledge_chunks
       WHERE file_no = ? AND generation = ? AND position >= ? AND embedder <> ? ORDER BY position LIMIT ?`,
      [fileNo, generation, from, embedder, limit],
    );
    return rows.map((row) => ({
      chunkNo: row.chunk_no,
      position: row.position,
      text: textToFind({ text: row.text, headings: parsed(row.headings) }),
    }));
  }

  /** How many chunks of a generation have no vector of this embedder. */
  async countUnembedded({ fileNo, generation }: KnowledgeFile, embedder: string): Promise<number> {
    const [row]: { count: string }[] = await this.transactions.single.query(
      'SELECT COUNT(*) AS count FROM knowledge_chunks WHERE file_no = ? AND generation = ? AND embedder <> ?',
      [fileNo, generation, embedder],
    );
    return Number(row?.count ?? 0);
  }

  async markEmbedded(transaction: Transaction, chunkNos: readonly string[], embedder: string): Promise<void> {
    await transaction.query('UPDATE knowledge_chunks SET embedder = ? WHERE chunk_no IN (?)', [
      embedder,
      chunkNos,
    ]);
  }

  /** Whether a chunk of a generation has no vector of this embedder. */
  async isAnyUnembedded(
    transaction: Transaction,
    { fileNo, generation }: KnowledgeFile,
    embedder: string,
  ): Promise<boolean> {
    const rows: unknown[] = await transaction.query(
      'SELECT 1 FROM knowledge_chunks WHERE file_no = ? AND generation = ? AND embedder <> ? LIMIT 1',
      [fileNo, generation, embedder],
    );
    return rows.length > 0;
  }

  /** As if no chunk of a generation had a vector. */
  async markAllUnembedded(transaction: Transaction, { fileNo, generation }: KnowledgeFile): Promise<void> {
    await transaction.query(
      `UPDATE knowledge_chunks SET embedder = '' WHERE file_no = ? AND generation = ?`,
      [fileNo, generation],
    );
  }

  /** The chunks of a generation from a position on. */
  async list({ fileNo, generation }: KnowledgeFile, from: number, limit: number): Promise<StoredChunk[]> {
    const rows: ChunkRow[] = await this.transactions.single.query(
      `SELECT id, position, text, headings, place, tokens FROM knowledge_chunks
       WHERE file_no = ? AND generation = ? AND position >= ? ORDER BY position LIMIT ?`,
      [fileNo, generation, from, limit],
    );
    return rows.map(toChunk);
  }

  /** The chunks that are found of an owner's file, from a position on. */
  async listShown(ownerId: string, fileId: string, from: number, limit: number): Promise<ShownChunk[]> {
    const rows: ShownRow[] = await this.transactions.single.query(
      `SELECT ${SHOWN_COLUMNS} FROM knowledge_owners o
         JOIN knowledge_files f ON f.owner_no = o.owner_no AND f.removed_at IS NULL
         JOIN knowledge_chunks c ON c.file_no = f.file_no AND c.generation = f.generation
       WHERE o.owner_id = ? AND f.file_id = ? AND c.position >= ? ORDER BY c.position LIMIT ?`,
      [ownerId, fileId, from, limit],
    );
    return rows.map(toShownChunk);
  }

  /** Those of these chunks that are the owner's and are found, in no order. */
  async findShown(ownerId: string, ids: readonly string[]): Promise<ShownChunk[]> {
    if (ids.length === 0) return [];
    const rows: ShownRow[] = await this.transactions.single.query(
      `SELECT ${SHOWN_COLUMNS} FROM knowledge_chunks c
         JOIN knowledge_files f ON f.file_no = c.file_no AND f.generation = c.generation AND f.removed_at IS NULL
         JOIN knowledge_owners o ON o.owner_no = c.owner_no
       WHERE c.id IN (?) AND o.owner_id = ?`,
      [ids, ownerId],
    );
    return rows.map(toShownChunk);
  }

  /** Those of these chunks of an owner that are found: their file is there, and it is its present generation. */
  async findLive(ownerNo: string, chunkNos: readonly number[]): Promise<Map<number, FoundChunk>> {
    if (chunkNos.length === 0) return new Map();
    const rows: ChunkRow[] = await this.transactions.single.query(
      `SELECT c.chunk_no, c.id, f.file_id, c.position, c.text, c.headings, c.place, c.tokens
       FROM knowledge_chunks c JOIN knowledge_files f
         ON f.file_no = c.file_no AND f.generation = c.generation AND f.removed_at IS NULL
       WHERE c.chunk_no IN (?) AND c.owner_no = ?`,
      [chunkNos, ownerNo],
    );
    const chunks = rows.map((row) => ({
      ...toChunk(row),
      chunkNo: Number(row.chunk_no),
      fileId: row.file_id,
    }));
    return new Map(chunks.map((chunk) => [chunk.chunkNo, chunk]));
  }

  /**
   * Deletes up to `limit` chunks of a file with their postings and vectors: those of the generations before `below`
   * but for `kept`.
   * @returns how many there were.
   */
  async deleteGenerations(fileNo: string, below: number, kept: number, limit: number): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const rows: { chunk_no: string; owner_no: string; terms: Buffer }[] = await transaction.query(
        `SELECT chunk_no, owner_no, terms FROM knowledge_chunks
         WHERE file_no = ? AND generation < ? AND generation <> ? LIMIT ? FOR UPDATE`,
        [fileNo, below, kept, limit],
      );
      if (rows.length === 0) return 0;
      for (const row of rows) await deletePostings(transaction, row);
      const numbers = rows.map((row) => row.chunk_no);
      await transaction.query('DELETE FROM knowledge_vectors WHERE chunk_no IN (?)', [numbers]);
      await transaction.query('DELETE FROM knowledge_chunks WHERE chunk_no IN (?)', [numbers]);
      return rows.length;
    });
  }

  private async numbersOf(
    transaction: Transaction,
    fileNo: string,
    generation: number,
    chunks: readonly NewChunk[],
  ): Promise<Map<number, string>> {
    const rows: { chunk_no: string; position: number }[] = await transaction.query(
      `SELECT chunk_no, position FROM knowledge_chunks
       WHERE file_no = ? AND generation = ? AND position IN (?)`,
      [fileNo, generation, chunks.map(({ index }) => index)],
    );
    return new Map(rows.map((row) => [row.position, row.chunk_no]));
  }
}

function toChunk(row: ChunkRow): StoredChunk {
  return {
    id: row.id,
    position: row.position,
    text: row.text,
    headings: parsed(row.headings),
    place: parsed(row.place),
    tokens: row.tokens,
  };
}

function toShownChunk(row: ShownRow): ShownChunk {
  return { ...toChunk(row), fileId: row.file_id, isEmbedded: Number(row.is_embedded) === 1 };
}

/** MySQL's driver parses a JSON column; MariaDB's JSON is a text. */
function parsed<T>(value: string | T): T {
  return typeof value === 'string' ? (JSON.parse(value) as T) : value;
}

async function deletePostings(
  transaction: Transaction,
  row: { chunk_no: string; owner_no: string; terms: Buffer },
): Promise<void> {
  const terms = unpackTerms(row.terms);
  if (terms.length === 0) return;
  await transaction.query('DELETE FROM knowledge_terms WHERE owner_no = ? AND term IN (?) AND chunk_no = ?', [
    row.owner_no,
    terms,
    row.chunk_no,
  ]);
}

function packTerms(terms: readonly number[]): Buffer {
  const packed = Buffer.alloc(terms.length * 4);
  terms.forEach((term, index) => packed.writeUInt32LE(term, index * 4));
  return packed;
}

function unpackTerms(packed: Buffer): number[] {
  return Array.from({ length: packed.length / 4 }, (_, index) => packed.readUInt32LE(index * 4));
}
