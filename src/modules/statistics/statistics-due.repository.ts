import { Injectable } from '@nestjs/common';
import { afterPlace, type Transaction, Transactions } from '../../platform/database/index.js';
import { newId } from '../../shared/ids.js';

/** A pass through a source: `place` is where it goes on, null at its beginning. */
export interface Pass {
  source: string;
  since: Date;
  startedAt: Date;
  place: string | null;
}

/** Users that a run has claimed. */
export interface Claim {
  id: string;
  userIds: readonly string[];
}

/** A user who is due; `claimedUntil` is in the past. */
export interface DueUser {
  readonly userId: string;
  readonly claimedUntil: Date;
}

/** How long before the beginning of a pass the next one begins: longer than any transaction of ours takes. */
const OVERLAP_MINUTES = 5;
/** For how long a run has what it claimed; after a crash others take it then. */
const CLAIM_SECONDS = 60;

/** Whose statistics are to be computed anew, and how far changes have been looked for. By the database's clock. */
@Injectable()
export class StatisticsDueRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Begins a pass through a source, or goes on with the one that was cut off. */
  async beginPass(source: string): Promise<Pass> {
    return this.transactions.run(async (transaction) => {
      await transaction.query(
        `INSERT INTO statistics_passes (source, since, started_at) VALUES (?, '1970-01-01', UTC_TIMESTAMP(3))
         ON DUPLICATE KEY UPDATE started_at = COALESCE(started_at, UTC_TIMESTAMP(3))`,
        [source],
      );
      const [row]: [{ since: Date; started_at: Date; place: string | null }] = await transaction.query(
        'SELECT since, started_at, place FROM statistics_passes WHERE source = ?',
        [source],
      );
      return { source, since: row.since, startedAt: row.started_at, place: row.place };
    });
  }

  /**
   * Notes users whose statistics are out of date, and that the pass goes on at `place`; null ends it.
   * @returns false if another run has moved the pass meanwhile; then nothing was noted.
   */
  async note(pass: Pass, userIds: readonly string[], place: string | null): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      if (!(await movePass(transaction, pass, place))) return false;
      if (userIds.length === 0) return true;
      // In one order, so that two runs cannot wait for each other.
      await transaction.query(
        `INSERT INTO statistics_due (user_id) VALUES ?
         ON DUPLICATE KEY UPDATE claim_id = NULL, claimed_until = '1970-01-01'`,
        [[...userIds].sort().map((userId) => [userId])],
      );
      return true;
    });
  }

  /** Users whom nobody has claimed, the longest due first, those after a place in that order. */
  async listDue(after: DueUser | undefined, limit: number): Promise<DueUser[]> {
    const beyond = afterPlace(['claimed_until', 'user_id'], after && [after.claimedUntil, after.userId]);
    const rows: { user_id: string; claimed_until: Date }[] = await this.transactions.single.query(
      `SELECT user_id, claimed_until FROM statistics_due FORCE INDEX (idx_statistics_due_claim)
       WHERE claimed_until <= UTC_TIMESTAMP(3) AND ${beyond.sql} ORDER BY claimed_until, user_id LIMIT ?`,
      [...beyond.values, limit],
    );
    return rows.map((row) => ({ userId: row.user_id, claimedUntil: row.claimed_until }));
  }

  /** Claims those of these users whom nobody has claimed. Two runs at once get different ones. */
  async claim(userIds: readonly string[]): Promise<Claim> {
    const id = newId();
    if (userIds.length === 0) return { id, userIds: [] };
    const claimed: { affectedRows: number } = await this.transactions.run((transaction) =>
      transaction.query(
        `UPDATE statistics_due FORCE INDEX (PRIMARY)
         SET claim_id = ?, claimed_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND
         WHERE user_id IN (?) AND claimed_until <= UTC_TIMESTAMP(3)`,
        [id, CLAIM_SECONDS, [...userIds].sort()],
      ),
    );
    if (claimed.affectedRows === userIds.length) return { id, userIds };
    const rows: { user_id: string }[] = await this.transactions.single.query(
      'SELECT user_id FROM statistics_due FORCE INDEX (PRIMARY) WHERE user_id IN (?) AND claim_id = ?',
      [userIds, id],
    );
    return { id, userIds: rows.map((row) => row.user_id) };
  }

  /** Locks those users that are still claimed: the others have changed, or were claimed by another run. */
  async lockClaimed(transaction: Transaction, { id, userIds }: Claim): Promise<string[]> {
    const rows: { user_id: string }[] = await transaction.query(
      'SELECT user_id FROM statistics_due WHERE user_id IN (?) AND claim_id = ? FOR UPDATE',
      [userIds, id],
    );
    return rows.map((row) => row.user_id);
  }

  async delete(transaction: Transaction, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    await transaction.query('DELETE FROM statistics_due WHERE user_id IN (?)', [userIds]);
  }
}

async function movePass(transaction: Transaction, pass: Pass, place: string | null): Promise<boolean> {
  const set =
    place === null
      ? `since = started_at - INTERVAL ${OVERLAP_MINUTES} MINUTE, started_at = NULL, place = NULL`
      : 'place = ?';
  const result: { affectedRows: number } = await transaction.query(
    `UPDATE statistics_passes SET ${set} WHERE source = ? AND started_at = ? AND place <=> ?`,
    [...(place === null ? [] : [place]), pass.source, pass.startedAt, pass.place],
  );
  return result.affectedRows === 1;
}
