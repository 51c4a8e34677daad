import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';

/** What one user has. */
export interface FileUsage {
  readonly files: number;
  readonly bytes: number;
}

interface UsageRow {
  file_count: number;
  byte_count: string | number;
}

/** How much users have: the rows of `file_owners`. */
@Injectable()
export class FileQuotaRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Locks what a user has until the transaction ends: files of one user come and go one after the other. */
  async lock(transaction: Transaction, ownerId: string): Promise<FileUsage> {
    // Locks the row for writing, new or not. INSERT IGNORE would share the lock first, and two such would block each other.
    await transaction.query(
      'INSERT INTO file_owners (owner_id) VALUES (?) ON DUPLICATE KEY UPDATE owner_id = owner_id',
      [ownerId],
    );
    const [row]: UsageRow[] = await transaction.query(
      'SELECT file_count, byte_count FROM file_owners WHERE owner_id = ?',
      [ownerId],
    );
    return { files: row?.file_count ?? 0, bytes: Number(row?.byte_count ?? 0) };
  }

  /** Counts files more, or less if the numbers are negative. Lock first. */
  async add(transaction: Transaction, ownerId: string, { files, bytes }: FileUsage): Promise<void> {
    await transaction.query(
      'UPDATE file_owners SET file_count = file_count + ?, byte_count = byte_count + ? WHERE owner_id = ?',
      [files, bytes, ownerId],
    );
  }

  /** Forgets a user without files. */
  async forget(ownerId: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM file_owners WHERE owner_id = ? AND file_count = 0', [
      ownerId,
    ]);
  }
}
