import type { Transaction } from '../../../platform/database/index.js';

export interface Lot {
  id: string;
  userId: string;
  points: number;
  remaining: number;
  validDays: number;
  reason: string;
  earnedAt: Date;
  expiresAt: Date;
}

export type NewLot = Pick<Lot, 'id' | 'userId' | 'points' | 'validDays' | 'reason'>;
/** An open lot whose time is up. */
export type DueLot = Pick<Lot, 'id' | 'userId' | 'expiresAt'>;
export type Row = Record<string, unknown>;

/** From so many lots points are taken at once, at the most: that bounds the transaction. */
const MAX_LOTS_SPENT = 500;
const DAY_MS = 86_400_000;

export async function insertLot(transaction: Transaction, lot: NewLot, earnedAt: Date): Promise<Lot> {
  const expiresAt = new Date(earnedAt.getTime() + lot.validDays * DAY_MS);
  const { id, userId, points, validDays, reason } = lot;
  await transaction.query(
    `INSERT INTO point_lots (id, user_id, points, remaining, valid_days, reason, state, earned_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?)`,
    [id, userId, points, points, validDays, reason, earnedAt, expiresAt],
  );
  return { ...lot, remaining: points, earnedAt, expiresAt };
}

/**
 * Takes points from the lots of a user that expire first; the user's row must be locked. Lots whose time is up are
 * passed over, whether or not they are marked.
 * @returns when the last of the lots expires; or, if nothing was taken, how much could have been.
 */
export async function spendOldest(
  transaction: Transaction,
  userId: string,
  points: number,
  now: Date,
): Promise<{ latestExpiry: Date } | { available: number; isOverLotLimit: boolean }> {
  const rows: Row[] = await transaction.query(
    `SELECT id, user_id, points, remaining, valid_days, reason, earned_at, expires_at
     FROM point_lots FORCE INDEX (idx_point_lots_user)
     WHERE user_id = ? AND state = 'open' AND expires_at > ? ORDER BY expires_at, id LIMIT ?`,
    [userId, now, MAX_LOTS_SPENT + 1],
  );
  const lots = rows.slice(0, MAX_LOTS_SPENT).map(toLot);
  const used: Lot[] = [];
  let missing = points;
  for (const lot of lots) {
    if (missing <= 0) break;
    used.push(lot);
    missing -= lot.remaining;
  }
  const last = used.at(-1);
  if (missing > 0 || !last)
    return { available: points - missing, isOverLotLimit: rows.length > MAX_LOTS_SPENT };
  // What the last lot has too much stays in it.
  const emptied = missing < 0 ? used.slice(0, -1) : used;
  if (emptied.length > 0)
    await transaction.query(`UPDATE point_lots SET remaining = 0, state = 'spent' WHERE id IN (?)`, [
      emptied.map(({ id }) => id).sort(),
    ]);
  if (missing < 0)
    await transaction.query('UPDATE point_lots SET remaining = ? WHERE id = ?', [-missing, last.id]);
  return { latestExpiry: last.expiresAt };
}

export function toLot(row: Row): Lot {
  return {
    id: row['id'] as string,
    userId: row['user_id'] as string,
    points: Number(row['points']),
    remaining: Number(row['remaining']),
    validDays: Number(row['valid_days']),
    reason: row['reason'] as string,
    earnedAt: row['earned_at'] as Date,
    expiresAt: row['expires_at'] as Date,
  };
}
