import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { type FileStatus, presentStatuses } from '../domain/file.js';
import { FileQuotaRepository } from '../file-quota.repository.js';

/** A file that goes. */
export interface LeavingFile {
  readonly id: string;
  readonly ownerId: string;
  /** How often its removal was begun. */
  readonly attempts: number;
}

interface LeavingRow {
  id: string;
  owner_id: string;
  attempts: number;
}

const LEAVE = `status = 'deleting', content_key = NULL, attempts = attempts + 1, changed_at = UTC_TIMESTAMP(3),
  due_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND`;

/** The files that go: whoever removes one has it for a while, in which nobody else does. */
@Injectable()
export class RemovalRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly quotas: FileQuotaRepository,
  ) {}

  /** Takes a user's file away from him. From then on it is not there. @returns false if it was not. */
  take(ownerId: string, id: string, leaseSeconds: number): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      await this.quotas.lock(transaction, ownerId);
      const [row]: { size_bytes: string | number }[] = await transaction.query(
        'SELECT size_bytes FROM files WHERE id = ? AND owner_id = ? AND status IN (?) FOR UPDATE',
        [id, ownerId, presentStatuses],
      );
      if (!row) return false;
      await transaction.query(`UPDATE files SET ${LEAVE} WHERE id = ?`, [leaseSeconds, id]);
      await this.quotas.add(transaction, ownerId, { files: -1, bytes: -Number(row.size_bytes) });
      return true;
    });
  }

  /** Takes away up to `limit` files of a user, those too that come in. @returns how many there were. */
  takeSome(ownerId: string, limit: number): Promise<number> {
    return this.transactions.run(async (transaction) => {
      await this.quotas.lock(transaction, ownerId);
      const rows: { id: string; size_bytes: string | number; status: FileStatus }[] = await transaction.query(
        `SELECT id, size_bytes, status FROM files WHERE owner_id = ? AND status IN (?) LIMIT ? FOR UPDATE`,
        [ownerId, [...presentStatuses, 'uploading'], limit],
      );
      if (rows.length === 0) return 0;
      await transaction.query(`UPDATE files SET ${LEAVE} WHERE id IN (?)`, [0, rows.map(({ id }) => id)]);
      const counted = rows.filter(({ status }) => status !== 'uploading');
      const bytes = counted.reduce((sum, row) => sum + Number(row.size_bytes), 0);
      await this.quotas.add(transaction, ownerId, { files: -counted.length, bytes: -bytes });
      return rows.length;
    });
  }

  /** Takes an upload that is not to be, from whoever brings it. @returns false if it is none (any more). */
  async takeUpload(id: string, leaseSeconds: number): Promise<boolean> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      `UPDATE files SET ${LEAVE} WHERE id = ? AND status = 'uploading'`,
      [leaseSeconds, id],
    );
    return result.affectedRows === 1;
  }

  /** Takes a file whose time has come: its removal has failed before, or its process has died. */
  async claim(id: string, leaseSeconds: number): Promise<LeavingFile | undefined> {
    const result: { affectedRows: number } = await this.transactions.single.query(
      `UPDATE files SET ${LEAVE}
       WHERE id = ? AND status IN ('uploading', 'deleting') AND due_at <= UTC_TIMESTAMP(3)`,
      [leaseSeconds, id],
    );
    return result.affectedRows === 1 ? this.find(id) : undefined;
  }

  /** Those whose time has come, the longest overdue first. */
  async listDue(limit: number): Promise<string[]> {
    const rows: { id: string }[] = await this.transactions.single.query(
      `SELECT id FROM files FORCE INDEX (idx_files_due) WHERE due_at <= UTC_TIMESTAMP(3)
       ORDER BY due_at, id LIMIT ?`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Files of a user that go. */
  async listLeavingOf(ownerId: string, limit: number): Promise<LeavingFile[]> {
    const rows: LeavingRow[] = await this.transactions.single.query(
      `SELECT id, owner_id, attempts FROM files WHERE owner_id = ? AND status = 'deleting' LIMIT ?`,
      [ownerId, limit],
    );
    return rows.map(toLeaving);
  }

  async find(id: string): Promise<LeavingFile | undefined> {
    const [row]: LeavingRow[] = await this.transactions.single.query(
      `SELECT id, owner_id, attempts FROM files WHERE id = ? AND status = 'deleting'`,
      [id],
    );
    return row && toLeaving(row);
  }

  /** When the removal of a file that has failed is tried again. */
  async postpone(id: string, seconds: number): Promise<void> {
    await this.transactions.single.query(
      `UPDATE files SET due_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND WHERE id = ? AND status = 'deleting'`,
      [seconds, id],
    );
  }

  /** Forgets a file of which nothing is left. */
  async forget(id: string): Promise<void> {
    await this.transactions.single.query(`DELETE FROM files WHERE id = ? AND status = 'deleting'`, [id]);
  }
}

function toLeaving({ id, owner_id, attempts }: LeavingRow): LeavingFile {
  return { id, ownerId: owner_id, attempts };
}
