import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';

/** A file as far as it can be searched. Numbers of the database are texts of digits. */
export interface KnowledgeFile {
  readonly fileNo: string;
  readonly fileId: string;
  readonly ownerNo: string;
  /** Its chunks of this generation are found. */
  readonly generation: number;
  /** The newest that was begun. */
  readonly lastGeneration: number;
  readonly chunkCount: number;
  readonly isRemoved: boolean;
}

interface FileRow {
  file_no: string;
  file_id: string;
  owner_no: string;
  generation: number;
  last_generation: number;
  chunk_count: number;
  is_removed: string | number;
}

/** A place among files in the order of what they were embedded by. */
export interface EmbeddedPlace {
  readonly embedder: string;
  readonly fileNo: string;
}

/** More than one user may have, unless he is allowed to. */
const MAX_FILES_LISTED = 20_000;

const COLUMNS =
  'f.file_no, f.file_id, f.owner_no, f.generation, f.last_generation, f.chunk_count, f.removed_at IS NOT NULL AS is_removed';

/** Owners and their files: the rows of `knowledge_owners` and `knowledge_files`. */
@Injectable()
export class KnowledgeFileRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Undefined if nothing is kept of the owner. */
  async findOwner(ownerId: string): Promise<{ ownerNo: string; version: number } | undefined> {
    const [row]: { owner_no: string; version: string }[] = await this.transactions.single.query(
      'SELECT owner_no, version FROM knowledge_owners WHERE owner_id = ?',
      [ownerId],
    );
    return row && { ownerNo: row.owner_no, version: Number(row.version) };
  }

  /**
   * The next version of an owner's vectors. Until the transaction ends nobody else gets one, so that versions are
   * committed in their order. Undefined if the owner has been erased.
   */
  async nextVersion(transaction: Transaction, ownerNo: string): Promise<number | undefined> {
    await transaction.query('UPDATE knowledge_owners SET version = version + 1 WHERE owner_no = ?', [
      ownerNo,
    ]);
    const [row]: { version: string }[] = await transaction.query(
      'SELECT version FROM knowledge_owners WHERE owner_no = ?',
      [ownerNo],
    );
    return row && Number(row.version);
  }

  /** Makes a file and its owner known, if they are not. The owner is not forgotten until the transaction ends. */
  async ensureWithin(transaction: Transaction, ownerId: string, fileId: string): Promise<void> {
    await transaction.query('INSERT IGNORE INTO knowledge_owners (owner_id) VALUES (?)', [ownerId]);
    await transaction.query(
      `INSERT IGNORE INTO knowledge_files (file_id, owner_no)
       SELECT ?, owner_no FROM knowledge_owners WHERE owner_id = ?`,
      [fileId, ownerId],
    );
  }

  /** Also one that was removed. */
  async find(fileId: string): Promise<KnowledgeFile | undefined> {
    const [row]: FileRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM knowledge_files f WHERE f.file_id = ?`,
      [fileId],
    );
    return row && toFile(row);
  }

  /** Locks a file until the transaction ends; also one that was removed. */
  async lock(transaction: Transaction, fileNo: string): Promise<KnowledgeFile | undefined> {
    const [row]: FileRow[] = await transaction.query(
      `SELECT ${COLUMNS} FROM knowledge_files f WHERE f.file_no = ? FOR UPDATE`,
      [fileNo],
    );
    return row && toFile(row);
  }

  /** Locks a file of the owner. Undefined if he has no such one. */
  async lockOwned(
    transaction: Transaction,
    ownerId: string,
    fileId: string,
  ): Promise<KnowledgeFile | undefined> {
    const [row]: FileRow[] = await transaction.query(
      `SELECT ${COLUMNS} FROM knowledge_files f
       WHERE f.file_id = ? AND f.removed_at IS NULL
         AND f.owner_no = (SELECT owner_no FROM knowledge_owners WHERE owner_id = ?) FOR UPDATE`,
      [fileId, ownerId],
    );
    return row && toFile(row);
  }

  /** The numbers of those of these files that the owner has. */
  async findNumbers(ownerNo: string, fileIds: readonly string[]): Promise<Set<number>> {
    if (fileIds.length === 0) return new Set();
    const rows: { file_no: string }[] = await this.transactions.single.query(
      'SELECT file_no FROM knowledge_files WHERE file_id IN (?) AND owner_no = ? AND removed_at IS NULL',
      [fileIds, ownerNo],
    );
    return new Set(rows.map((row) => Number(row.file_no)));
  }

  /** Up to `limit` files of an owner, removed ones too. */
  async listOf(ownerNo: string, limit: number): Promise<KnowledgeFile[]> {
    const rows: FileRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM knowledge_files f WHERE f.owner_no = ? LIMIT ?`,
      [ownerNo, limit],
    );
    return rows.map(toFile);
  }

  async setLastGeneration(transaction: Transaction, fileNo: string, generation: number): Promise<void> {
    await transaction.query('UPDATE knowledge_files SET last_generation = ? WHERE file_no = ?', [
      generation,
      fileNo,
    ]);
  }

  /** Notes by what all chunks of a file have been embedded; empty if some have not. */
  async setEmbedder(transaction: Transaction, fileNo: string, embedder: string): Promise<void> {
    await transaction.query('UPDATE knowledge_files SET embedder = ? WHERE file_no = ?', [embedder, fileNo]);
  }

  /** Some of the files that were embedded by another embedder, of anybody, behind a place. */
  async listEmbeddedByOther(
    embedder: string,
    after: EmbeddedPlace | undefined,
    limit: number,
  ): Promise<(EmbeddedPlace & { fileId: string })[]> {
    const { embedder: last = '', fileNo = '0' } = after ?? {};
    const rows: { file_no: string; file_id: string; embedder: string }[] =
      await this.transactions.single.query(
        `SELECT file_no, file_id, embedder FROM knowledge_files FORCE INDEX (idx_knowledge_files_embedder)
       WHERE embedder <> '' AND embedder <> ? AND (embedder > ? OR (embedder = ? AND file_no > ?))
         AND removed_at IS NULL AND chunk_count > 0
       ORDER BY embedder, file_no LIMIT ?`,
        [embedder, last, last, fileNo, limit],
      );
    return rows.map((row) => ({ fileNo: row.file_no, fileId: row.file_id, embedder: row.embedder }));
  }

  /** The numbers of those files of an owner whose chunks have not all been embedded by this embedder. */
  async findUnembedded(ownerNo: string, embedder: string): Promise<Set<number>> {
    const rows: { file_no: string }[] = await this.transactions.single.query(
      `SELECT file_no FROM knowledge_files FORCE INDEX (idx_knowledge_files_owner_embedder)
       WHERE owner_no = ? AND (embedder < ? OR embedder > ?) AND removed_at IS NULL AND chunk_count > 0 LIMIT ?`,
      [ownerNo, embedder, embedder, MAX_FILES_LISTED],
    );
    return new Set(rows.map((row) => Number(row.file_no)));
  }

  /** From now on the chunks of this generation are found, which nobody has embedded; vectors from before `version` are gone. */
  async setGeneration(
    transaction: Transaction,
    fileNo: string,
    { generation, chunkCount, version }: { generation: number; chunkCount: number; version: number },
  ): Promise<void> {
    await transaction.query(
      `UPDATE knowledge_files SET generation = ?, chunk_count = ?, base_version = ?, embedder = '' WHERE file_no = ?`,
      [generation, chunkCount, version, fileNo],
    );
  }

  async markRemoved(transaction: Transaction, fileNo: string, version: number): Promise<void> {
    await transaction.query(
      `UPDATE knowledge_files SET removed_at = COALESCE(removed_at, UTC_TIMESTAMP(3)), chunk_count = 0,
         base_version = ? WHERE file_no = ?`,
      [version, fileNo],
    );
  }

  /** Forgets files that were removed a day ago, when every process has heard of it and nothing can come late. */
  async forgetRemoved(ownerNo: string, limit: number): Promise<void> {
    await this.transactions.single.query(
      `DELETE FROM knowledge_files WHERE owner_no = ? AND removed_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY
         AND NOT EXISTS (SELECT 1 FROM knowledge_chunks c WHERE c.file_no = knowledge_files.file_no)
       LIMIT ?`,
      [ownerNo, limit],
    );
  }

  async forget(fileNo: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM knowledge_files WHERE file_no = ?', [fileNo]);
  }

  /** Forgets an owner of whom no file is left. @returns false if there is one, which has come meanwhile. */
  forgetOwner(ownerNo: string): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      await transaction.query('SELECT owner_no FROM knowledge_owners WHERE owner_no = ? FOR UPDATE', [
        ownerNo,
      ]);
      const files: unknown[] = await transaction.query(
        'SELECT file_no FROM knowledge_files WHERE owner_no = ? LIMIT 1',
        [ownerNo],
      );
      if (files.length > 0) return false;
      await transaction.query('DELETE FROM knowledge_owners WHERE owner_no = ?', [ownerNo]);
      return true;
    });
  }
}

function toFile(row: FileRow): KnowledgeFile {
  return {
    fileNo: row.file_no,
    fileId: row.file_id,
    ownerNo: row.owner_no,
    generation: row.generation,
    lastGeneration: row.last_generation,
    chunkCount: row.chunk_count,
    isRemoved: Number(row.is_removed) === 1,
  };
}
