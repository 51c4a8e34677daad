import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../../platform/database/index.js';

/** A user's named set of files that is searched together. */
export interface Collection {
  readonly id: string;
  readonly name: string;
  readonly fileCount: number;
  readonly createdAt: Date;
}

interface CollectionRow {
  id: string;
  name: string;
  file_count: number;
  created_at: Date;
}

const COLUMNS = 'id, name, file_count, created_at';
/** Ids are lower-case hexadecimal: this is after all of them. */
const AFTER_ALL_IDS = 'g';

/** The rows of `knowledge_collections`. */
@Injectable()
export class CollectionRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Counted up to `limit`. */
  async count(ownerId: string, limit: number): Promise<number> {
    const [row]: { count: string }[] = await this.transactions.single.query(
      `SELECT COUNT(*) AS count FROM
         (SELECT 1 FROM knowledge_collections WHERE owner_id = ? LIMIT ?) AS counted`,
      [ownerId, limit],
    );
    return Number(row?.count ?? 0);
  }

  /** @returns false if the owner has another one of this name. */
  async insert(ownerId: string, { id, name, createdAt }: Collection): Promise<boolean> {
    return isWritten(
      this.transactions.single.query(
        'INSERT INTO knowledge_collections (id, owner_id, name, created_at) VALUES (?)',
        [[id, ownerId, name, createdAt]],
      ),
    );
  }

  /** @returns false if the owner has another one of this name. */
  async rename(ownerId: string, id: string, name: string): Promise<boolean> {
    return isWritten(
      this.transactions.single.query(
        'UPDATE knowledge_collections SET name = ? WHERE id = ? AND owner_id = ?',
        [name, id, ownerId],
      ),
    );
  }

  async find(ownerId: string, id: string): Promise<Collection | undefined> {
    const [row]: CollectionRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM knowledge_collections WHERE id = ? AND owner_id = ?`,
      [id, ownerId],
    );
    return row && toCollection(row);
  }

  /** Those of these that are the owner's. */
  async findOwned(ownerId: string, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows: { id: string }[] = await this.transactions.single.query(
      'SELECT id FROM knowledge_collections WHERE id IN (?) AND owner_id = ?',
      [ids, ownerId],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The newest first, those made before `before`. */
  async list(ownerId: string, before: string | undefined, limit: number): Promise<Collection[]> {
    const rows: CollectionRow[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM knowledge_collections WHERE owner_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      [ownerId, before ?? AFTER_ALL_IDS, limit],
    );
    return rows.map(toCollection);
  }

  /** The owner's collections that a file is in, the newest first. */
  async listWith(ownerId: string, fileId: string, limit: number): Promise<Collection[]> {
    const rows: CollectionRow[] = await this.transactions.single.query(
      `SELECT c.id, c.name, c.file_count, c.created_at FROM knowledge_files f
         JOIN knowledge_memberships m ON m.file_no = f.file_no JOIN knowledge_collections c ON c.id = m.collection_id
       WHERE f.file_id = ? AND c.owner_id = ? ORDER BY c.id DESC LIMIT ?`,
      [fileId, ownerId, limit],
    );
    return rows.map(toCollection);
  }

  /** Locks a collection until the transaction ends. Undefined if the owner has no such one. */
  async lock(transaction: Transaction, ownerId: string, id: string): Promise<Collection | undefined> {
    const [row]: CollectionRow[] = await transaction.query(
      `SELECT ${COLUMNS} FROM knowledge_collections WHERE id = ? AND owner_id = ? FOR UPDATE`,
      [id, ownerId],
    );
    return row && toCollection(row);
  }

  /** Deletes a collection; its files stay. */
  async delete(transaction: Transaction, id: string): Promise<void> {
    await transaction.query('DELETE FROM knowledge_memberships WHERE collection_id = ?', [id]);
    await transaction.query('DELETE FROM knowledge_collections WHERE id = ?', [id]);
  }
}

async function isWritten(statement: Promise<unknown>): Promise<boolean> {
  try {
    await statement;
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

function toCollection(row: CollectionRow): Collection {
  return { id: row.id, name: row.name, fileCount: row.file_count, createdAt: row.created_at };
}
