import { Injectable } from '@nestjs/common';
import { isDuplicateKey, Transactions } from '../../../platform/database/index.js';
import { Clock } from '../../../shared/clock.js';
import { derivedId, newId } from '../../../shared/ids.js';
import { AuditLog } from '../../audit/index.js';
import { CodeAttempts } from '../code-attempts.js';
import { isCode, newCode, normalizeCode } from '../codes.js';
import { CoinRewards } from '../coin-rewards.js';
import {
  couponAlreadyRedeemed,
  couponCodeTaken,
  couponExhausted,
  couponNotFound,
  couponNotRedeemable,
} from '../engagement.errors.js';
import { completeLeftPending } from '../left-pending.js';
import { type Coupon, CouponRepository, type NewCoupon, type Redemption } from './coupon.repository.js';

/** 80 random bits. */
const CODE_LENGTH = 16;
const GRANTS_AT_ONCE = 8;

export type CouponRequest = Omit<NewCoupon, 'id' | 'code' | 'createdBy' | 'createdAt'> & {
  /** If there is none, one is made that cannot be guessed. */
  code: string | undefined;
};

/** Codes that give coins: operators make them, users redeem them. */
@Injectable()
export class CouponService {
  constructor(
    private readonly repository: CouponRepository,
    private readonly transactions: Transactions,
    private readonly attempts: CodeAttempts,
    private readonly rewards: CoinRewards,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** @throws `coupon_code_taken` */
  async createCoupon(operatorId: string, request: CouponRequest): Promise<Coupon> {
    const coupon = {
      ...request,
      id: newId(),
      code: request.code === undefined ? newCode(CODE_LENGTH) : normalizeCode(request.code),
      createdBy: operatorId,
      createdAt: new Date(this.clock.nowMs()),
    };
    try {
      await this.transactions.run(async (transaction) => {
        await this.repository.insert(transaction, coupon);
        await this.audit.record(
          {
            actor: { kind: 'operator', id: operatorId },
            action: 'coupon.created',
            subjectKind: 'coupon',
            subjectId: coupon.id,
            detail: { micro_coins: String(coupon.amount), max_redemptions: coupon.maxRedemptions },
          },
          transaction,
        );
      });
    } catch (error) {
      if (isDuplicateKey(error)) throw couponCodeTaken({ param: 'code' });
      throw error;
    }
    return { ...coupon, redemptions: 0, state: 'active' };
  }

  /** Ends a coupon at once. Doing so again changes nothing. @throws `coupon_not_found` */
  async disableCoupon(operatorId: string, id: string): Promise<Coupon> {
    await this.transactions.run(async (transaction) => {
      if (!(await this.repository.disable(transaction, id))) return;
      const actor = { kind: 'operator', id: operatorId } as const;
      await this.audit.record(
        { actor, action: 'coupon.disabled', subjectKind: 'coupon', subjectId: id },
        transaction,
      );
    });
    return this.findCoupon(id);
  }

  /** @throws `coupon_not_found` */
  async findCoupon(id: string): Promise<Coupon> {
    const coupon = await this.repository.findById(id);
    if (!coupon) throw couponNotFound();
    return coupon;
  }

  /**
   * Redeems a code: when this returns, the coins are the user's, once. With a key, the same call again gives the first
   * one's answer. If it breaks off in between, the coins come with the next call, or with a run of the periodic task.
   * @throws `coupon_not_redeemable`, `coupon_already_redeemed`, `coupon_exhausted`, `too_many_code_attempts`
   */
  async redeem(userId: string, code: string, key: string | undefined): Promise<Redemption> {
    const normalized = normalizeCode(code);
    const requestId = key === undefined ? undefined : derivedId(userId, `coupon:${normalized}:${key}`);
    const before = requestId && (await this.repository.findByRequest(requestId));
    if (before) return this.complete(before);
    return this.attempts.count(userId, async () => {
      const coupon = isCode(normalized) ? await this.repository.findRedeemable(normalized) : undefined;
      if (!coupon) throw couponNotRedeemable({ param: 'code' });
      const redemption = await this.repository.redeem({ coupon, userId, requestId });
      if (redemption === 'closed') throw couponNotRedeemable({ param: 'code' });
      if (redemption === 'exhausted') throw couponExhausted();
      return redemption === 'limit' ? this.completeLast(coupon.id, userId) : this.complete(redemption);
    });
  }

  /** Marks coupons whose time is up, and gives the coins of redemptions that broke off. */
  async expireCoupons(signal: AbortSignal): Promise<{ expired: number; completed: number }> {
    const expired = await this.repository.expire(signal);
    const completed = await completeLeftPending(
      signal,
      (limit) => this.repository.listLeftPending(limit),
      (redemption) => this.complete(redemption),
      GRANTS_AT_ONCE,
    );
    return { expired, completed };
  }

  /** One who was cut off and asks again has used the limit up, but has no coins yet. */
  private async completeLast(couponId: string, userId: string): Promise<Redemption> {
    const pending = await this.repository.listPendingOf(couponId, userId);
    const completed = await Promise.all(pending.map((redemption) => this.complete(redemption)));
    const last = completed.at(-1);
    if (!last) throw couponAlreadyRedeemed();
    return last;
  }

  private async complete(redemption: Redemption): Promise<Redemption> {
    if (redemption.state !== 'pending') return redemption;
    const { id, userId: accountId, amount } = redemption;
    const state = await this.rewards.give({ id, accountId, amount, reason: 'coupon' });
    await this.repository.finishGrant(id, state);
    return { ...redemption, state };
  }
}
