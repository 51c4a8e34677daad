import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';

/** A file of a collection. */
export interface Member {
  readonly fileNo: string;
  readonly fileId: string;
  readonly chunkCount: number;
}

/** Which files are in which collections: the rows of `knowledge_memberships`, and the counts of the collections. */
@Injectable()
export class MembershipRepository {
  constructor(private readonly transactions: Transactions) {}

  /** In how many collections a file is. */
  async countOf(transaction: Transaction, fileNo: string): Promise<number> {
    const [row]: { count: string }[] = await transaction.query(
      'SELECT COUNT(*) AS count FROM knowledge_memberships WHERE file_no = ?',
      [fileNo],
    );
    return Number(row?.count ?? 0);
  }

  async has(transaction: Transaction, collectionId: string, fileNo: string): Promise<boolean> {
    const rows: unknown[] = await transaction.query(
      'SELECT 1 FROM knowledge_memberships WHERE collection_id = ? AND file_no = ?',
      [collectionId, fileNo],
    );
    return rows.length > 0;
  }

  async add(transaction: Transaction, collectionId: string, fileNo: string): Promise<void> {
    await transaction.query('INSERT INTO knowledge_memberships (collection_id, file_no) VALUES (?, ?)', [
      collectionId,
      fileNo,
    ]);
    await transaction.query('UPDATE knowledge_collections SET file_count = file_count + 1 WHERE id = ?', [
      collectionId,
    ]);
  }

  async remove(transaction: Transaction, collectionId: string, fileNo: string): Promise<void> {
    const { affectedRows }: { affectedRows: number } = await transaction.query(
      'DELETE FROM knowledge_memberships WHERE collection_id = ? AND file_no = ?',
      [collectionId, fileNo],
    );
    await transaction.query('UPDATE knowledge_collections SET file_count = file_count - ? WHERE id = ?', [
      affectedRows,
      collectionId,
    ]);
  }

  /** Takes a file out of all its collections. */
  async removeFile(transaction: Transaction, fileNo: string): Promise<void> {
    await transaction.query(
      `UPDATE knowledge_collections SET file_count = file_count - 1
       WHERE id IN (SELECT collection_id FROM knowledge_memberships WHERE file_no = ?)`,
      [fileNo],
    );
    await transaction.query('DELETE FROM knowledge_memberships WHERE file_no = ?', [fileNo]);
  }

  /** The files of a collection that come after `after`, in the order in which they became known. */
  async list(collectionId: string, after: string, limit: number): Promise<Member[]> {
    const rows: { file_no: string; file_id: string; chunk_count: number }[] =
      await this.transactions.single.query(
        `SELECT f.file_no, f.file_id, f.chunk_count FROM knowledge_memberships m
           JOIN knowledge_files f ON f.file_no = m.file_no
         WHERE m.collection_id = ? AND m.file_no > ? ORDER BY m.file_no LIMIT ?`,
        [collectionId, after, limit],
      );
    return rows.map((row) => ({
      fileNo: row.file_no,
      fileId: row.file_id,
      chunkCount: row.chunk_count,
    }));
  }

  /** The numbers of all files that are in any of these collections; no collection has more than its limit. */
  async listFileNos(collectionIds: readonly string[]): Promise<Set<number>> {
    const rows: { file_no: string }[] = await this.transactions.single.query(
      'SELECT DISTINCT file_no FROM knowledge_memberships WHERE collection_id IN (?)',
      [collectionIds],
    );
    return new Set(rows.map((row) => Number(row.file_no)));
  }
}
