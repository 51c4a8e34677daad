import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import { type FileStatus, presentStatuses, type StoredFile } from './domain/file.js';
import { FILE_COLUMNS, type FileRow, toFile } from './file.rows.js';

/** A page of files, the newest first; `nextId` is where the next page begins, null if this is the last. */
export interface FilePage {
  files: StoredFile[];
  nextId: string | null;
}

/** Which files to list. */
export interface FileSelection {
  /** Only those of these. */
  ids?: readonly string[] | undefined;
  /** Only those that stand so; without it all that are there. */
  status?: FileStatus | undefined;
  beforeId?: string | undefined;
  limit: number;
}

/** What is known of a file when all of it is there. */
export interface ReceivedFile {
  id: string;
  name: string;
  mediaType: string;
  sizeBytes: number;
  sha256: Buffer;
}

/** Ids are lower-case hexadecimal: this is after all of them. */
const AFTER_ALL_IDS = 'g';

/** The files of users: reads them, and takes in those that come. What goes is in `RemovalRepository`. */
@Injectable()
export class FileRepository {
  constructor(private readonly transactions: Transactions) {}

  /** A file of a user that is there, or comes in; of anybody without `ownerId`. */
  async find(id: string, ownerId?: string): Promise<StoredFile | undefined> {
    const [row]: FileRow[] = await this.transactions.single.query(
      `SELECT ${FILE_COLUMNS} FROM files WHERE id = ? AND status <> 'deleting' ${ownerId === undefined ? '' : 'AND owner_id = ?'}`,
      ownerId === undefined ? [id] : [id, ownerId],
    );
    return row && toFile(row);
  }

  /** Those of these files that are there and the user's, by their ids. */
  async findPresent(ownerId: string, ids: readonly string[]): Promise<Map<string, StoredFile>> {
    if (ids.length === 0) return new Map();
    const rows: FileRow[] = await this.transactions.single.query(
      `SELECT ${FILE_COLUMNS} FROM files WHERE id IN (?) AND owner_id = ? AND status IN (?)`,
      [ids, ownerId, presentStatuses],
    );
    return new Map(rows.map((row) => [row.id, toFile(row)]));
  }

  /** The file of a user with this content. */
  async findByContent(
    transaction: Transaction,
    ownerId: string,
    sha256: Buffer,
  ): Promise<StoredFile | undefined> {
    const [row]: FileRow[] = await transaction.query(
      `SELECT ${FILE_COLUMNS} FROM files WHERE owner_id = ? AND content_key = ?`,
      [ownerId, sha256],
    );
    return row && toFile(row);
  }

  /** A user's files, the newest first. */
  async list(ownerId: string, { ids, status, beforeId, limit }: FileSelection): Promise<FilePage> {
    const statuses: readonly FileStatus[] = status ? [status] : presentStatuses;
    // The index has the ids in order within each status: a range of each, so that nothing else is read.
    const ofOneStatus = `(SELECT ${FILE_COLUMNS} FROM files FORCE INDEX (idx_files_owner)
      WHERE owner_id = ? AND status = ? AND id < ? ${ids ? 'AND id IN (?)' : ''} ORDER BY id DESC LIMIT ?)`;
    const rows: FileRow[] = await this.transactions.single.query(
      `${statuses.map(() => ofOneStatus).join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`,
      [
        ...statuses.flatMap((each) => [
          ownerId,
          each,
          beforeId ?? AFTER_ALL_IDS,
          ...(ids ? [ids] : []),
          limit + 1,
        ]),
        limit + 1,
      ],
    );
    const files = rows.slice(0, limit).map(toFile);
    return { files, nextId: rows.length > limit ? (files.at(-1)?.id ?? null) : null };
  }

  /** How many files of a user come in now, up to `limit`. */
  async countUploads(transaction: Transaction, ownerId: string, limit: number): Promise<number> {
    const rows: { found: string | number }[] = await transaction.query(
      `SELECT COUNT(*) AS found FROM (SELECT 1 FROM files FORCE INDEX (idx_files_owner)
         WHERE owner_id = ? AND status = 'uploading' LIMIT ?) AS counted`,
      [ownerId, limit],
    );
    return Number(rows[0]?.found ?? 0);
  }

  /** Notes that a file begins to come in. */
  async insertUpload(
    transaction: Transaction,
    { id, ownerId, name, leaseMs }: { id: string; ownerId: string; name: string; leaseMs: number },
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO files (id, owner_id, status, name, due_at, created_at, changed_at)
       VALUES (?, ?, 'uploading', ?, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [id, ownerId, name, leaseMs * 1_000],
    );
  }

  /** Says that the process lives into which a file comes. @returns false if it was given up meanwhile. */
  async renewUpload(id: string, leaseMs: number): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      `UPDATE files SET due_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
       WHERE id = ? AND status = 'uploading'`,
      [leaseMs * 1_000, id],
    );
    return result.affectedRows === 1;
  }

  /** Lets a file be there that has come in. @returns false if it was given up meanwhile. */
  async accept(transaction: Transaction, file: ReceivedFile): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE files SET status = 'queued', name = ?, media_type = ?, size_bytes = ?, sha256 = ?, content_key = ?,
         due_at = NULL, changed_at = UTC_TIMESTAMP(3)
       WHERE id = ? AND status = 'uploading'`,
      [file.name, file.mediaType, file.sizeBytes, file.sha256, file.sha256, file.id],
    );
    return result.affectedRows === 1;
  }

  /**
   * Keeps a file from going until the transaction ends, for what is written about it; `how` is for those who change its
   * row, too.
   * @returns false if it is not there any more: nothing may be written about it then.
   */
  async holdPresent(
    transaction: Transaction,
    id: string,
    how: 'LOCK IN SHARE MODE' | 'FOR UPDATE' = 'LOCK IN SHARE MODE',
  ): Promise<boolean> {
    const rows: unknown[] = await transaction.query(
      `SELECT id FROM files WHERE id = ? AND status IN (?) ${how}`,
      [id, presentStatuses],
    );
    return rows.length === 1;
  }
}
