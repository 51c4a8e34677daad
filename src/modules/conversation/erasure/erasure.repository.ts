import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { noteErased } from '../saving/turn.repository.js';

/** Something that is to be erased. */
export interface Erasure {
  id: string;
  kind: 'conversation' | 'user';
  /** The conversation's or user's id. */
  subjectId: string;
  ownerId: string;
  requestedBy: string;
}

/** An erasure that a worker has taken. */
export interface ClaimedErasure extends Erasure {
  /** How often it has been taken, this time included. */
  attempts: number;
  ageMs: number;
}

interface ErasureRow {
  id: string;
  kind: Erasure['kind'];
  subject_id: string;
  owner_id: string;
  requested_by: string;
  attempts: number;
  age_ms: string | number;
}

const DELETE_BATCH = 2_000;
const KEPT_DAYS = 30;
const MAX_FORGOTTEN_AT_ONCE = 1_000;

/** The rows of `erasures`, by the database's clock, and the batches in which conversations are erased. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Deletes a conversation's row. Returns false if there is none, or it is not the owner's. */
  async deleteConversation(transaction: Transaction, ownerId: string, id: string): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      'DELETE FROM conversations WHERE id = ? AND owner_id = ?',
      [id, ownerId],
    );
    if (result.affectedRows === 1) await noteErasedConversations(transaction, [id]);
    return result.affectedRows === 1;
  }

  /** Deletes the rows of some of a user's conversations. @returns their ids. */
  async deleteSomeConversations(transaction: Transaction, ownerId: string, limit: number): Promise<string[]> {
    const rows: { id: string }[] = await transaction.query(
      'SELECT id FROM conversations WHERE owner_id = ? ORDER BY id LIMIT ? FOR UPDATE',
      [ownerId, limit],
    );
    const ids = rows.map((row) => row.id);
    if (ids.length === 0) return ids;
    await transaction.query('DELETE FROM conversations WHERE id IN (?)', [ids]);
    await noteErasedConversations(transaction, ids);
    return ids;
  }

  /** Writes erasures down, to be taken by a worker after `delayMs`. One that is there already stays as it is. */
  async insert(transaction: Transaction, erasures: readonly Erasure[], delayMs: number): Promise<void> {
    if (erasures.length === 0) return;
    const due = 'UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND';
    const rows = erasures.map(() => `(?, ?, ?, ?, ?, UTC_TIMESTAMP(3), ${due})`);
    await transaction.query(
      `INSERT INTO erasures (id, kind, subject_id, owner_id, requested_by, requested_at, due_at)
       VALUES ${rows.join(', ')} ON DUPLICATE KEY UPDATE erasures.id = erasures.id`,
      erasures.flatMap(({ id, kind, subjectId, ownerId, requestedBy }) => [
        id,
        kind,
        subjectId,
        ownerId,
        requestedBy,
        delayMs * 1_000,
      ]),
    );
  }

  /** Takes some of the erasures that are due: nobody else takes them for `leaseMs`. */
  async claimDue(limit: number, leaseMs: number): Promise<ClaimedErasure[]> {
    return this.transactions.run(async (transaction) => {
      const rows: ErasureRow[] = await transaction.query(
        `SELECT id, kind, subject_id, owner_id, requested_by, attempts,
                TIMESTAMPDIFF(MICROSECOND, requested_at, UTC_TIMESTAMP(3)) DIV 1000 AS age_ms
           FROM erasures WHERE finished_at IS NULL AND due_at <= UTC_TIMESTAMP(3)
          ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED`,
        [limit],
      );
      if (rows.length === 0) return [];
      await transaction.query(
        `UPDATE erasures SET due_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, attempts = attempts + 1
          WHERE id IN (?)`,
        [leaseMs * 1_000, rows.map((row) => row.id)],
      );
      return rows.map((row) => ({
        id: row.id,
        kind: row.kind,
        subjectId: row.subject_id,
        ownerId: row.owner_id,
        requestedBy: row.requested_by,
        attempts: row.attempts + 1,
        ageMs: Number(row.age_ms),
      }));
    });
  }

  /** Lets an erasure be taken again after `delayMs`. */
  async postpone(id: string, delayMs: number): Promise<void> {
    await this.transactions.single.query(
      'UPDATE erasures SET due_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND WHERE id = ?',
      [delayMs * 1_000, id],
    );
  }

  /** Says that nothing is left. Returns false if that was said before. */
  async finish(transaction: Transaction, id: string): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      'UPDATE erasures SET finished_at = UTC_TIMESTAMP(3) WHERE id = ? AND finished_at IS NULL',
      [id],
    );
    return result.affectedRows === 1;
  }

  /** Forgets erasures that were finished long ago; the audit log still tells of them. */
  async forgetFinished(): Promise<void> {
    await this.transactions.single.query(
      'DELETE FROM erasures WHERE finished_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
      [KEPT_DAYS, MAX_FORGOTTEN_AT_ONCE],
    );
  }

  /** Whether the erasure of a user was ever asked for, and is not forgotten. */
  async hasUserErasure(userId: string): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      `SELECT 1 FROM erasures WHERE kind = 'user' AND subject_id = ?`,
      [userId],
    );
    return rows.length > 0;
  }

  /** Whether conversations of a user are still being erased. */
  async hasOpenConversations(ownerId: string): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      `SELECT 1 FROM erasures WHERE owner_id = ? AND kind = 'conversation' AND finished_at IS NULL LIMIT 1`,
      [ownerId],
    );
    return rows.length > 0;
  }

  /** Deletes some messages of a conversation. Returns false once there are no more. */
  async eraseSomeMessages(conversationId: string): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      const result: { affectedRows: number } = await transaction.query(
        'DELETE FROM conversation_messages WHERE conversation_id = ? LIMIT ?',
        [conversationId, DELETE_BATCH],
      );
      return result.affectedRows === DELETE_BATCH;
    });
  }

  /** Deletes some turns of a conversation and keeps their ids: they were charged, and are not lost. @returns the ids. */
  async eraseSomeTurns(conversationId: string): Promise<string[]> {
    return this.transactions.run(async (transaction) => {
      const rows: { id: string }[] = await transaction.query(
        'SELECT id FROM turns WHERE conversation_id = ? LIMIT ? FOR UPDATE',
        [conversationId, DELETE_BATCH],
      );
      if (rows.length === 0) return [];
      const ids = rows.map((row) => row.id);
      await noteErased(transaction, ids);
      await transaction.query('DELETE FROM turns WHERE id IN (?)', [ids]);
      return ids;
    });
  }

  /** Deletes some turns that wait in the database to be saved, and keeps their ids. @returns the ids. */
  async eraseSomeWaitingTurns(conversationId: string): Promise<string[]> {
    return this.transactions.run(async (transaction) => {
      const rows: { id: string }[] = await transaction.query(
        `SELECT id FROM waiting_turns WHERE conversation_id = ? AND state IN ('finished', 'skipped') LIMIT ? FOR UPDATE`,
        [conversationId, DELETE_BATCH],
      );
      if (rows.length === 0) return [];
      const ids = rows.map((row) => row.id);
      await noteErased(transaction, ids);
      await transaction.query('DELETE FROM waiting_turns WHERE id IN (?)', [ids]);
      return ids;
    });
  }

  /** Whether a turn that is kept in the database still runs. */
  async hasRunningTurn(conversationId: string): Promise<boolean> {
    const rows: unknown[] = await this.transactions.single.query(
      'SELECT 1 FROM waiting_turns WHERE running_conversation_id = ? LIMIT 1',
      [conversationId],
    );
    return rows.length > 0;
  }

  /** Deletes how the conversation branched and that it was parked. */
  async eraseStructure(conversationId: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await transaction.query('DELETE FROM conversation_branches WHERE conversation_id = ?', [
        conversationId,
      ]);
      await transaction.query('DELETE FROM parked_conversations WHERE conversation_id = ?', [conversationId]);
    });
  }

  /** Keeps the ids of turns that are erased before they were saved. */
  async noteErasedTurns(turnIds: readonly string[]): Promise<void> {
    await this.transactions.run((transaction) => noteErased(transaction, turnIds));
  }
}

/** Their ids are never to be used again. */
async function noteErasedConversations(transaction: Transaction, ids: readonly string[]): Promise<void> {
  await transaction.query('INSERT IGNORE INTO erased_conversations (id, erased_at) VALUES ?', [
    ids.map((id) => [id, new Date()]),
  ]);
}
