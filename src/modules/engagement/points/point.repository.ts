import { Injectable } from '@nestjs/common';
import { afterPlace, type Transaction, Transactions } from '../../../platform/database/index.js';
import type { MicroCoins } from '../../../shared/money.js';
import { type GrantState, PENDING_LEASE_SECONDS } from '../coin-rewards.js';
import { databaseTime, LockedPoints, type PointEntryKind } from './point-account.js';
import { type DueLot, insertLot, type Lot, type NewLot, spendOldest, toLot, type Row } from './point-lots.js';

export interface PointEntry {
  sequence: number;
  kind: PointEntryKind;
  points: number;
  balanceAfter: number;
  /** The lot or the exchange. */
  reference: string;
  createdAt: Date;
}

/** Points that were taken for coins. */
export interface Exchange {
  id: string;
  userId: string;
  points: number;
  amount: MicroCoins;
  state: GrantState;
  createdAt: Date;
}

const LOT_COLUMNS = 'id, user_id, points, remaining, valid_days, reason, state, earned_at, expires_at';
const EXCHANGE_COLUMNS = 'id, user_id, points, amount, state, created_at';
/** Every balance is exact as a number of JavaScript and of JSON. */
export const MAX_BALANCE = 1_000_000_000_000;

/** Points, lots and entries. All of a user's points change under the lock of the user's row alone. */
@Injectable()
export class PointRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * Adds a lot, once for its id, and counts its points in the activities that the user takes part in.
   * @returns the lot as it was added first; `too_many` if the balance would be above `MAX_BALANCE`.
   */
  earn(lot: NewLot, within?: (transaction: Transaction) => Promise<void>): Promise<Lot | 'too_many'> {
    return this.transactions.run(async (transaction) => {
      const points = await LockedPoints.ofUser(transaction, lot.userId);
      const before = await selectLot(transaction, lot.id);
      if (before) return before;
      if (points.balanceOf(lot.userId) + lot.points > MAX_BALANCE) return 'too_many';
      const earnedAt = await databaseTime(transaction);
      const added = await insertLot(transaction, lot, earnedAt);
      points.post(lot.userId, { kind: 'earn', points: lot.points, reference: lot.id });
      await points.write();
      await countInActivities(transaction, lot, earnedAt);
      await within?.(transaction);
      return added;
    });
  }

  /**
   * Takes points for coins, once for the id, from the lots that expire first, and writes down that the coins are owed.
   * @returns the exchange as it stands; or why it was not made.
   */
  exchange(
    request: Omit<Exchange, 'state' | 'createdAt'>,
  ): Promise<Exchange | { available: number; isOverLotLimit: boolean }> {
    const { id, userId } = request;
    return this.transactions.run(async (transaction) => {
      const points = await LockedPoints.ofUser(transaction, userId);
      const before = await selectExchange(transaction, id);
      if (before) return before;
      const now = await databaseTime(transaction);
      const spent = await spendOldest(transaction, userId, request.points, now);
      if ('available' in spent) return spent;
      points.post(userId, { kind: 'exchange', points: -request.points, reference: id });
      await points.write();
      await transaction.query(
        `INSERT INTO point_exchanges (id, user_id, points, amount, state, points_expire_at, created_at)
         VALUES (?, ?, ?, ?, 'pending', ?, ?)`,
        [id, userId, request.points, request.amount, spent.latestExpiry, now],
      );
      return { ...request, state: 'pending', createdAt: now };
    });
  }

  async finishGrant(id: string): Promise<void> {
    await this.transactions.single.query(
      `UPDATE point_exchanges SET state = 'granted', granted_at = UTC_TIMESTAMP(3) WHERE id = ? AND state = 'pending'`,
      [id],
    );
  }

  /** Gives the points of an exchange back whose coins were refused, once, as a lot of the exchange's id. */
  async returnPoints({ id, userId, points: amount }: Exchange): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const points = await LockedPoints.ofUser(transaction, userId);
      const result: { affectedRows: number } = await transaction.query(
        `UPDATE point_exchanges SET state = 'refused' WHERE id = ? AND state = 'pending'`,
        [id],
      );
      if (result.affectedRows === 0) return;
      await transaction.query(
        `INSERT INTO point_lots (${LOT_COLUMNS})
         SELECT id, user_id, points, points, 0, 'exchange_refused', 'open', UTC_TIMESTAMP(3), points_expire_at
         FROM point_exchanges WHERE id = ?`,
        [id],
      );
      points.post(userId, { kind: 'return', points: amount, reference: id });
      await points.write();
    });
  }

  /** Exchanges that have been pending for so long that their requests must have ended. */
  async listLeftPending(limit: number): Promise<Exchange[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${EXCHANGE_COLUMNS} FROM point_exchanges
       WHERE state = 'pending' AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND
       ORDER BY created_at LIMIT ?`,
      [PENDING_LEASE_SECONDS, limit],
    );
    return rows.map(toExchange);
  }

  /** Open lots whose time is up, the one that ended first first, those after a place in that order. */
  async listDue(after: DueLot | undefined, limit: number): Promise<DueLot[]> {
    const beyond = afterPlace(['expires_at', 'id'], after && [after.expiresAt, after.id]);
    const rows: Row[] = await this.transactions.single.query(
      `SELECT id, user_id, expires_at FROM point_lots FORCE INDEX (idx_point_lots_expiry)
       WHERE state = 'open' AND expires_at <= UTC_TIMESTAMP(3) AND ${beyond.sql} ORDER BY expires_at, id LIMIT ?`,
      [...beyond.values, limit],
    );
    return rows.map((row) => ({
      id: row['id'] as string,
      userId: row['user_id'] as string,
      expiresAt: row['expires_at'] as Date,
    }));
  }

  /** Ends lots, with an entry for each, in one transaction. One that was spent in the meantime is left as it is. */
  async expire(due: readonly DueLot[]): Promise<{ lots: number; points: number }> {
    if (due.length === 0) return { lots: 0, points: 0 };
    const expired = await this.transactions.run((transaction) => expireLots(transaction, due));
    const points = expired.reduce((sum, lot) => sum + lot.remaining, 0);
    return { lots: expired.length, points };
  }

  /** The balance, and the part of it whose time is not up. */
  async balanceOf(userId: string): Promise<{ balance: number; available: number }> {
    const [row]: Row[] = await this.transactions.single.query(
      `SELECT a.balance, (SELECT COALESCE(SUM(l.remaining), 0) FROM point_lots l
         WHERE l.user_id = a.user_id AND l.state = 'open' AND l.expires_at > UTC_TIMESTAMP(3)) AS available
       FROM point_accounts a WHERE a.user_id = ?`,
      [userId],
    );
    return { balance: Number(row?.['balance'] ?? 0), available: Number(row?.['available'] ?? 0) };
  }

  /** Open lots, the one that expires first first, those after a place in that order. */
  async listLots(
    userId: string,
    after: { expiresAt: Date; id: string } | undefined,
    limit: number,
  ): Promise<Lot[]> {
    const beyond = after ? 'AND (expires_at > ? OR (expires_at = ? AND id > ?))' : '';
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${LOT_COLUMNS} FROM point_lots FORCE INDEX (idx_point_lots_user)
       WHERE user_id = ? AND state = 'open' ${beyond} ORDER BY expires_at, id LIMIT ?`,
      [userId, ...(after ? [after.expiresAt, after.expiresAt, after.id] : []), limit],
    );
    return rows.map(toLot);
  }

  /** The newest entries first, those below `before`. */
  async listEntries(userId: string, before: number | undefined, limit: number): Promise<PointEntry[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT sequence, kind, points, balance_after, reference, created_at FROM point_entries
       WHERE user_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
      [userId, before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map(toEntry);
  }
}

async function expireLots(transaction: Transaction, due: readonly DueLot[]): Promise<Lot[]> {
  const points = await LockedPoints.ofUsers(transaction, [...new Set(due.map((lot) => lot.userId))]);
  const rows: Row[] = await transaction.query(
    `SELECT ${LOT_COLUMNS} FROM point_lots WHERE id IN (?) AND state = 'open' ORDER BY expires_at, id`,
    [due.map(({ id }) => id).sort()],
  );
  const lots = rows.map(toLot);
  if (lots.length === 0) return [];
  for (const lot of lots)
    points.post(lot.userId, { kind: 'expire', points: -lot.remaining, reference: lot.id });
  await points.write();
  await transaction.query(`UPDATE point_lots SET state = 'expired', remaining = 0 WHERE id IN (?)`, [
    lots.map(({ id }) => id).sort(),
  ]);
  return lots;
}

/** What is earned counts in the activities that run at this moment. */
async function countInActivities(transaction: Transaction, lot: NewLot, now: Date): Promise<void> {
  const rows: { activity_id: string }[] = await transaction.query(
    `SELECT p.activity_id FROM activity_participants p JOIN activities a ON a.id = p.activity_id
     WHERE p.user_id = ? AND a.state = 'open' AND a.starts_at <= ? AND a.ends_at > ?`,
    [lot.userId, now, now],
  );
  if (rows.length === 0) return;
  await transaction.query(
    'UPDATE activity_participants SET points = points + ? WHERE user_id = ? AND activity_id IN (?)',
    [lot.points, lot.userId, rows.map((row) => row.activity_id).sort()],
  );
}

async function selectLot(transaction: Transaction, id: string): Promise<Lot | undefined> {
  const rows: Row[] = await transaction.query(`SELECT ${LOT_COLUMNS} FROM point_lots WHERE id = ?`, [id]);
  return rows.map(toLot)[0];
}

async function selectExchange(transaction: Transaction, id: string): Promise<Exchange | undefined> {
  const rows: Row[] = await transaction.query(
    `SELECT ${EXCHANGE_COLUMNS} FROM point_exchanges WHERE id = ?`,
    [id],
  );
  return rows.map(toExchange)[0];
}

function toExchange(row: Row): Exchange {
  return {
    id: row['id'] as string,
    userId: row['user_id'] as string,
    points: Number(row['points']),
    amount: BigInt(row['amount'] as string),
    state: row['state'] as GrantState,
    createdAt: row['created_at'] as Date,
  };
}

function toEntry(row: Row): PointEntry {
  return {
    sequence: Number(row['sequence']),
    kind: row['kind'] as PointEntryKind,
    points: Number(row['points']),
    balanceAfter: Number(row['balance_after']),
    reference: row['reference'] as string,
    createdAt: row['created_at'] as Date,
  };
}
