import { z } from 'zod';
import { formatCoins, parseCoins } from '../../../shared/money.js';
import { coinsInput } from '../coin-amount.dto.js';
import { normalizeCode } from '../codes.js';
import { grantStates } from '../coin-rewards.js';
import { coinsField, idField, pageSchema, timeField, timeInput } from '../page.dto.js';
import { type Coupon, couponStates, type Redemption } from './coupon.repository.js';
import type { CouponRequest } from './coupon.service.js';

const MAX_REDEMPTIONS = 10_000_000;
const MAX_PER_USER = 100;
const OWN_CODE = /^[A-Z0-9]{8,40}$/;

const couponExample = {
  code: 'SPRING-2027-WELCOME',
  amount: '5',
  max_redemptions: 1_000,
  max_per_user: 1,
  valid_from: '2027-03-01T00:00:00Z',
  valid_until: '2027-04-01T00:00:00Z',
};

export const createCouponSchema = z
  .strictObject({
    code: z
      .string()
      .max(64)
      .refine((text) => OWN_CODE.test(normalizeCode(text)), 'must have 8 to 40 letters A to Z and digits')
      .optional()
      .meta({
        description:
          'Without one, a code of 80 random bits is made. Case, blanks and hyphens do not count. Whoever guesses it has it.',
        examples: [couponExample.code],
      }),
    amount: coinsInput('Coins for each redemption.', '5'),
    max_redemptions: z
      .int()
      .min(1)
      .max(MAX_REDEMPTIONS)
      .meta({ description: 'How often it can be redeemed in all.', examples: [1_000] }),
    max_per_user: z
      .int()
      .min(1)
      .max(MAX_PER_USER)
      .default(1)
      .meta({ description: 'How often by one user.', examples: [1] }),
    valid_from: timeInput('From this moment on.', couponExample.valid_from),
    valid_until: timeInput('Before this moment.', couponExample.valid_until),
  })
  .refine((body) => new Date(body.valid_from) < new Date(body.valid_until), {
    path: ['valid_until'],
    message: 'must be after valid_from',
  })
  .meta({ examples: [couponExample] });
export type CreateCoupon = z.infer<typeof createCouponSchema>;

export const couponSchema = z.object({
  id: idField('Its id.'),
  code: z.string().meta({ description: 'As it is kept.', examples: ['SPRING2027WELCOME'] }),
  amount: coinsField('Coins for each redemption.'),
  max_redemptions: z.int().meta({ examples: [1_000] }),
  max_per_user: z.int().meta({ examples: [1] }),
  redemptions: z.int().meta({ description: 'How often it was redeemed.', examples: [17] }),
  valid_from: timeField('From this moment on.'),
  valid_until: timeField('Before this moment.'),
  state: z.enum(couponStates).meta({
    description: '`expired` is said by a task some time after `valid_until`; it is over at that moment.',
    examples: ['active'],
  }),
  created_by: idField("The operator's id."),
  created_at: timeField('When it was made.'),
});
export type CouponAnswer = z.infer<typeof couponSchema>;
export const couponPageSchema = pageSchema(couponSchema, 'The newest first.');
export type CouponPage = z.infer<typeof couponPageSchema>;

export const redeemSchema = z
  .strictObject({
    code: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Case, blanks and hyphens do not count.', examples: ['SPRING-2027-WELCOME'] }),
  })
  .meta({ examples: [{ code: 'SPRING-2027-WELCOME' }] });
export type Redeem = z.infer<typeof redeemSchema>;

export const redemptionSchema = z.object({
  id: idField("Its id; the coins' journal entry has it as `idempotency_key`."),
  coupon_id: idField('The coupon.'),
  number: z.int().meta({ description: "The user's first, second … of this coupon.", examples: [1] }),
  amount: coinsField('Coins.'),
  state: z.enum(grantStates).meta({
    description:
      '`pending`: the coins come within minutes. `refused`: the balance would have been more than an account holds.',
    examples: ['granted'],
  }),
  created_at: timeField('When it was redeemed.'),
});
export type RedemptionAnswer = z.infer<typeof redemptionSchema>;
export const redemptionPageSchema = pageSchema(redemptionSchema, 'The newest first.');
export type RedemptionPage = z.infer<typeof redemptionPageSchema>;

/** Who redeemed is for operators. */
export const userRedemptionSchema = redemptionSchema.extend({ user_id: idField('Who redeemed.') });
export const userRedemptionPageSchema = pageSchema(userRedemptionSchema, 'The newest first.');
export type UserRedemptionPage = z.infer<typeof userRedemptionPageSchema>;

export function toCouponRequest(body: CreateCoupon): CouponRequest {
  return {
    code: body.code,
    amount: parseCoins(body.amount),
    maxRedemptions: body.max_redemptions,
    maxPerUser: body.max_per_user,
    validFrom: new Date(body.valid_from),
    validUntil: new Date(body.valid_until),
  };
}

export function toCouponAnswer(coupon: Coupon): CouponAnswer {
  return {
    id: coupon.id,
    code: coupon.code,
    amount: formatCoins(coupon.amount),
    max_redemptions: coupon.maxRedemptions,
    max_per_user: coupon.maxPerUser,
    redemptions: coupon.redemptions,
    valid_from: coupon.validFrom.toISOString(),
    valid_until: coupon.validUntil.toISOString(),
    state: coupon.state,
    created_by: coupon.createdBy,
    created_at: coupon.createdAt.toISOString(),
  };
}

export function toRedemptionAnswer(redemption: Redemption): RedemptionAnswer {
  return {
    id: redemption.id,
    coupon_id: redemption.couponId,
    number: redemption.number,
    amount: formatCoins(redemption.amount),
    state: redemption.state,
    created_at: redemption.createdAt.toISOString(),
  };
}

export function toUserRedemptionAnswer(redemption: Redemption): UserRedemptionPage['items'][number] {
  return { ...toRedemptionAnswer(redemption), user_id: redemption.userId };
}
