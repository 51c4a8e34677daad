import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import type { KnowledgeFile } from '../files/knowledge-file.repository.js';
import type { StoredVector } from './vector-index.js';

/** The vectors as they were made, and what has changed of them: the truth that every index follows. */
@Injectable()
export class VectorRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Keeps vectors of chunks in place of those they have. */
  async replace(
    transaction: Transaction,
    change: {
      file: KnowledgeFile;
      version: number;
      embedder: string;
      vectors: ReadonlyMap<string, Float32Array>;
    },
  ): Promise<void> {
    const { file, version, embedder, vectors } = change;
    if (vectors.size === 0) return;
    const chunkNos = [...vectors.keys()];
    await transaction.query('DELETE FROM knowledge_vectors WHERE chunk_no IN (?)', [chunkNos]);
    await transaction.query(
      'INSERT INTO knowledge_vectors (owner_no, version, chunk_no, file_no, embedder, vector) VALUES ?',
      [
        Array.from(vectors, ([chunkNo, vector]) => [
          file.ownerNo,
          version,
          chunkNo,
          file.fileNo,
          embedder,
          Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        ]),
      ],
    );
  }

  /** The version up to which an owner's vectors are committed; undefined if there is no such owner. */
  async findVersion(ownerNo: string): Promise<number | undefined> {
    const [row]: { version: string }[] = await this.transactions.single.query(
      'SELECT version FROM knowledge_owners WHERE owner_no = ?',
      [ownerNo],
    );
    return row && Number(row.version);
  }

  /** The files whose vectors from before a version are gone, for versions after `after` up to `upTo`. */
  async listBases(ownerNo: string, after: number, upTo: number): Promise<Map<number, number>> {
    const rows: { file_no: string; base_version: string }[] = await this.transactions.single.query(
      `SELECT file_no, base_version FROM knowledge_files
       WHERE owner_no = ? AND base_version > ? AND base_version <= ?`,
      [ownerNo, after, upTo],
    );
    return new Map(rows.map((row) => [Number(row.file_no), Number(row.base_version)]));
  }

  /** The next vectors of an embedder behind a place, up to a version, in the order in which they came. */
  async listAfter(
    ownerNo: string,
    embedder: string,
    after: { version: number; chunkNo: number },
    upTo: number,
    limit: number,
  ): Promise<{ vectors: StoredVector[]; last: { version: number; chunkNo: number } | undefined }> {
    const rows: {
      version: string;
      chunk_no: string;
      file_no: string;
      vector: Buffer | null;
    }[] = await this.transactions.single.query(
      `SELECT version, chunk_no, file_no, IF(embedder = ?, vector, NULL) AS vector FROM knowledge_vectors
       WHERE owner_no = ? AND (version > ? OR (version = ? AND chunk_no > ?)) AND version <= ?
       ORDER BY version, chunk_no LIMIT ?`,
      [embedder, ownerNo, after.version, after.version, after.chunkNo, upTo, limit],
    );
    const vectors = rows.flatMap((row): StoredVector[] =>
      row.vector === null
        ? []
        : [
            {
              chunkNo: Number(row.chunk_no),
              fileNo: Number(row.file_no),
              version: Number(row.version),
              vector: floatsOf(row.vector),
            },
          ],
    );
    const last = rows.at(-1);
    const isMore = rows.length === limit;
    return {
      vectors,
      last: last && isMore ? { version: Number(last.version), chunkNo: Number(last.chunk_no) } : undefined,
    };
  }
}

/** The driver's bytes lie anywhere; floats lie at multiples of four. */
function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
