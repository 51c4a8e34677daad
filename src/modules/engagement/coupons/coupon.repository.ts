import { Injectable } from '@nestjs/common';
import { isDuplicateKey, type Transaction, Transactions } from '../../../platform/database/index.js';
import { derivedId } from '../../../shared/ids.js';
import type { MicroCoins } from '../../../shared/money.js';
import { expireCodes } from '../expired-codes.js';
import { type GrantState, PENDING_LEASE_SECONDS } from '../coin-rewards.js';

export const couponStates = ['active', 'disabled', 'expired'] as const;

export interface Coupon {
  id: string;
  code: string;
  amount: MicroCoins;
  maxRedemptions: number;
  maxPerUser: number;
  /** How often it was redeemed. */
  redemptions: number;
  validFrom: Date;
  validUntil: Date;
  state: (typeof couponStates)[number];
  createdBy: string;
  createdAt: Date;
}

export type NewCoupon = Omit<Coupon, 'redemptions' | 'state'>;

export interface Redemption {
  id: string;
  couponId: string;
  userId: string;
  number: number;
  amount: MicroCoins;
  state: GrantState;
  createdAt: Date;
}

/** Why a coupon was not redeemed. */
export type RedemptionRefusal = 'closed' | 'limit' | 'exhausted';

export interface RedemptionRequest {
  coupon: Pick<Coupon, 'id' | 'maxPerUser'>;
  userId: string;
  /** Under which the same redemption is found again; undefined if the caller has no key. */
  requestId: string | undefined;
}

type Row = Record<string, unknown>;

/** Over so many rows the stock of a coupon is split: about so many redemptions at once need not wait. */
const STOCK_SHARDS = 16;
const COUPON_COLUMNS = `id, code, amount, max_redemptions, max_per_user, valid_from, valid_until, state, created_by,
  created_at`;
const REDEMPTION_COLUMNS = 'id, coupon_id, user_id, number, amount, state, created_at';

/** Rolls a redemption back for which nothing was left. */
class StockExhausted extends Error {}

/** Coupons, their stock and their redemptions. The database's clock decides. */
@Injectable()
export class CouponRepository {
  constructor(private readonly transactions: Transactions) {}

  /** @throws a duplicate-key error if the code is taken. */
  async insert(transaction: Transaction, coupon: NewCoupon): Promise<void> {
    await transaction.query(`INSERT INTO coupons (${COUPON_COLUMNS}) VALUES ?`, [
      [
        [
          coupon.id,
          coupon.code,
          coupon.amount,
          coupon.maxRedemptions,
          coupon.maxPerUser,
          coupon.validFrom,
          coupon.validUntil,
          'active',
          coupon.createdBy,
          coupon.createdAt,
        ],
      ],
    ]);
    await transaction.query('INSERT INTO coupon_stocks (coupon_id, shard, remaining) VALUES ?', [
      splitStock(coupon.maxRedemptions).map((remaining, shard) => [coupon.id, shard, remaining]),
    ]);
  }

  /** @returns false if it was not active. */
  async disable(transaction: Transaction, id: string): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE coupons SET state = 'disabled' WHERE id = ? AND state = 'active'`,
      [id],
    );
    return result.affectedRows === 1;
  }

  async findById(id: string): Promise<Coupon | undefined> {
    return (await this.withStocks('WHERE id = ?', [id]))[0];
  }

  /** The coupon of a code that can be redeemed now. */
  async findRedeemable(code: string): Promise<Pick<Coupon, 'id' | 'maxPerUser'> | undefined> {
    const [row]: Row[] = await this.transactions.single.query(
      `SELECT id, max_per_user FROM coupons WHERE code = ? AND state = 'active'
       AND valid_from <= UTC_TIMESTAMP(3) AND valid_until > UTC_TIMESTAMP(3)`,
      [code],
    );
    return row && { id: row['id'] as string, maxPerUser: Number(row['max_per_user']) };
  }

  /** The newest first, those with ids below `before`. */
  list(before: string | undefined, limit: number): Promise<Coupon[]> {
    return before === undefined
      ? this.withStocks('ORDER BY id DESC LIMIT ?', [limit])
      : this.withStocks('WHERE id < ? ORDER BY id DESC LIMIT ?', [before, limit]);
  }

  /** The newest redemptions of a coupon, or of a user, before a place in that order. */
  async listRedemptions(
    of: { couponId: string } | { userId: string },
    before: { createdAt: Date; id: string } | undefined,
    limit: number,
  ): Promise<Redemption[]> {
    const [column, value] = 'couponId' in of ? ['coupon_id', of.couponId] : ['user_id', of.userId];
    const beyond = before ? 'AND (created_at < ? OR (created_at = ? AND id < ?))' : '';
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${REDEMPTION_COLUMNS} FROM coupon_redemptions WHERE ${column} = ? ${beyond}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
      [value, ...(before ? [before.createdAt, before.createdAt, before.id] : []), limit],
    );
    return rows.map(toRedemption);
  }

  /** Redemptions of a user whose coins have not been given yet. */
  async listPendingOf(couponId: string, userId: string): Promise<Redemption[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${REDEMPTION_COLUMNS} FROM coupon_redemptions
       WHERE coupon_id = ? AND user_id = ? AND state = 'pending' ORDER BY number`,
      [couponId, userId],
    );
    return rows.map(toRedemption);
  }

  async findByRequest(requestId: string): Promise<Redemption | undefined> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${REDEMPTION_COLUMNS} FROM coupon_redemptions WHERE request_id = ?`,
      [requestId],
    );
    return rows.map(toRedemption)[0];
  }

  /**
   * Writes a redemption down, pending, and takes it from the stock, if time and limits allow. The user's next number
   * is in its id, so of two requests that count alike one is refused by the database, and counts again.
   */
  async redeem(request: RedemptionRequest): Promise<Redemption | RedemptionRefusal> {
    // Each attempt that fails found one more redemption of the user's.
    for (let attempt = 0; attempt <= request.coupon.maxPerUser; attempt++) {
      try {
        return await this.transactions.run((transaction) => redeemNext(transaction, request));
      } catch (error) {
        if (error instanceof StockExhausted) return 'exhausted';
        if (!isDuplicateKey(error)) throw error;
        const same = request.requestId && (await this.findByRequest(request.requestId));
        if (same) return same;
      }
    }
    return 'limit';
  }

  async finishGrant(id: string, state: GrantState): Promise<void> {
    await this.transactions.single.query(
      `UPDATE coupon_redemptions SET state = ?, granted_at = UTC_TIMESTAMP(3) WHERE id = ? AND state = 'pending'`,
      [state, id],
    );
  }

  /** Redemptions that have been pending for so long that their requests must have ended. */
  async listLeftPending(limit: number): Promise<Redemption[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${REDEMPTION_COLUMNS} FROM coupon_redemptions
       WHERE state = 'pending' AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND
       ORDER BY created_at LIMIT ?`,
      [PENDING_LEASE_SECONDS, limit],
    );
    return rows.map(toRedemption);
  }

  /** Marks active coupons whose time is up, in batches. @returns how many. */
  expire(signal: AbortSignal): Promise<number> {
    return expireCodes(
      this.transactions,
      { name: 'coupons', endColumn: 'valid_until', endIndex: 'idx_coupons_end' },
      signal,
    );
  }

  private async withStocks(where: string, values: unknown[]): Promise<Coupon[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COUPON_COLUMNS} FROM coupons ${where}`,
      values,
    );
    if (rows.length === 0) return [];
    const stocks: Row[] = await this.transactions.single.query(
      'SELECT coupon_id, SUM(remaining) AS remaining FROM coupon_stocks WHERE coupon_id IN (?) GROUP BY coupon_id',
      [rows.map((row) => row['id'])],
    );
    const remaining = new Map(stocks.map((row) => [row['coupon_id'], Number(row['remaining'])]));
    return rows.map((row) => toCoupon(row, remaining.get(row['id']) ?? 0));
  }
}

async function redeemNext(
  transaction: Transaction,
  { coupon, userId, requestId }: RedemptionRequest,
): Promise<Redemption | RedemptionRefusal> {
  const [{ n } = { n: '0' }]: { n: string }[] = await transaction.query(
    'SELECT COUNT(*) AS n FROM coupon_redemptions WHERE coupon_id = ? AND user_id = ?',
    [coupon.id, userId],
  );
  const number = Number(n) + 1;
  if (number > coupon.maxPerUser) return 'limit';
  const id = derivedId(coupon.id, `${userId}:${number}`);
  // The clock and the state are asked in the statement that writes: until here the coupon may have been disabled.
  const inserted: { affectedRows: number } = await transaction.query(
    `INSERT INTO coupon_redemptions (id, coupon_id, user_id, number, request_id, amount, state, created_at)
     SELECT ?, id, ?, ?, ?, amount, 'pending', UTC_TIMESTAMP(3) FROM coupons
     WHERE id = ? AND state = 'active' AND valid_from <= UTC_TIMESTAMP(3) AND valid_until > UTC_TIMESTAMP(3)`,
    [id, userId, number, requestId ?? null, coupon.id],
  );
  if (inserted.affectedRows === 0) return 'closed';
  const [row]: Row[] = await transaction.query(
    `SELECT ${REDEMPTION_COLUMNS} FROM coupon_redemptions WHERE id = ?`,
    [id],
  );
  await takeFromStock(transaction, coupon.id);
  return toRedemption(row ?? {});
}

/** The last statement of the transaction, so that its lock is short. @throws StockExhausted */
async function takeFromStock(transaction: Transaction, couponId: string): Promise<void> {
  const rows: { shard: number }[] = await transaction.query(
    'SELECT shard FROM coupon_stocks WHERE coupon_id = ? AND remaining > 0',
    [couponId],
  );
  const first = Math.floor(Math.random() * rows.length);
  for (const { shard } of [...rows.slice(first), ...rows.slice(0, first)]) {
    const result: { affectedRows: number } = await transaction.query(
      'UPDATE coupon_stocks SET remaining = remaining - 1 WHERE coupon_id = ? AND shard = ? AND remaining > 0',
      [couponId, shard],
    );
    if (result.affectedRows === 1) return;
  }
  throw new StockExhausted();
}

/** As even parts as can be. */
function splitStock(total: number): number[] {
  const shards = Math.min(total, STOCK_SHARDS);
  return Array.from({ length: shards }, (_, shard) => Math.floor((total + shard) / shards));
}

function toCoupon(row: Row, remaining: number): Coupon {
  const maxRedemptions = Number(row['max_redemptions']);
  return {
    id: row['id'] as string,
    code: row['code'] as string,
    amount: BigInt(row['amount'] as string),
    maxRedemptions,
    maxPerUser: Number(row['max_per_user']),
    redemptions: maxRedemptions - remaining,
    validFrom: row['valid_from'] as Date,
    validUntil: row['valid_until'] as Date,
    state: row['state'] as Coupon['state'],
    createdBy: row['created_by'] as string,
    createdAt: row['created_at'] as Date,
  };
}

function toRedemption(row: Row): Redemption {
  return {
    id: row['id'] as string,
    couponId: row['coupon_id'] as string,
    userId: row['user_id'] as string,
    number: Number(row['number']),
    amount: BigInt(row['amount'] as string),
    state: row['state'] as GrantState,
    createdAt: row['created_at'] as Date,
  };
}
