import { z } from 'zod';
import { formatCoins } from '../../../shared/money.js';
import { grantStates } from '../coin-rewards.js';
import { coinsField, idField, pageSchema, timeField } from '../page.dto.js';
import { pointEntryKinds } from './point-account.js';
import type { Lot } from './point-lots.js';
import type { Exchange, PointEntry } from './point.repository.js';

export const MAX_POINTS_AT_ONCE = 1_000_000_000;
export const MAX_VALID_DAYS = 3_650;

const points = (description: string, example: number) =>
  z
    .int()
    .min(1)
    .max(MAX_POINTS_AT_ONCE)
    .meta({ description, examples: [example] });

export const pointsInput = points('Points.', 500);
export const validDaysInput = z
  .int()
  .min(1)
  .max(MAX_VALID_DAYS)
  .meta({ description: 'After so many days what is left of them expires.', examples: [90] });

export const grantPointsSchema = z
  .strictObject({
    points: pointsInput,
    valid_days: validDaysInput,
    reason: z
      .string()
      .regex(/^[\w.:/#+-]{1,64}$/, 'must be one word of up to 64 letters, digits and . : / # + - _')
      .meta({ description: 'Why: one plain word, kept for good.', examples: ['survey-2027'] }),
  })
  .meta({ examples: [{ points: 500, valid_days: 90, reason: 'survey-2027' }] });
export type GrantPoints = z.infer<typeof grantPointsSchema>;

export const exchangePointsSchema = z
  .strictObject({ points: points('How many to exchange.', 200) })
  .meta({ examples: [{ points: 200 }] });
export type ExchangePoints = z.infer<typeof exchangePointsSchema>;

export const pointBalanceSchema = z.object({
  balance: z.int().meta({ description: 'The sum of the history.', examples: [500] }),
  available: z.int().meta({
    description: 'The balance without what has expired and is yet to be taken.',
    examples: [450],
  }),
});
export type PointBalance = z.infer<typeof pointBalanceSchema>;

export const lotSchema = z.object({
  id: idField('Its id.'),
  points: z.int().meta({ description: 'What was earned.', examples: [500] }),
  remaining: z.int().meta({ description: 'What is left of it.', examples: [450] }),
  reason: z.string().meta({ examples: ['survey-2027'] }),
  earned_at: timeField('When it was earned.'),
  expires_at: timeField('When what is left of it expires.'),
});
export type LotAnswer = z.infer<typeof lotSchema>;
export const lotPageSchema = pageSchema(lotSchema, 'The one that expires first first.');
export type LotPage = z.infer<typeof lotPageSchema>;

export const pointEntrySchema = z.object({
  sequence: z.int().meta({ description: 'Its number, from 1, without gaps.', examples: [3] }),
  kind: z.enum(pointEntryKinds).meta({ examples: ['exchange'] }),
  points: z.int().meta({ description: 'How the balance changed.', examples: [-200] }),
  balance_after: z.int().meta({ examples: [300] }),
  reference: idField('The lot or the exchange.'),
  created_at: timeField('When.'),
});
export type PointEntryAnswer = z.infer<typeof pointEntrySchema>;
export const pointEntryPageSchema = pageSchema(pointEntrySchema, 'The newest first.');
export type PointEntryPage = z.infer<typeof pointEntryPageSchema>;

export const exchangeSchema = z.object({
  id: idField("Its id; the coins' journal entry has it as `idempotency_key`."),
  points: z.int().meta({ description: 'What was taken.', examples: [200] }),
  amount: coinsField('The coins for it.'),
  state: z.enum(grantStates).meta({
    description:
      '`pending`: the coins come within minutes. `refused`: the balance of coins would have been too large, and the points are back.',
    examples: ['granted'],
  }),
  created_at: timeField('When.'),
});
export type ExchangeAnswer = z.infer<typeof exchangeSchema>;

export function toLotAnswer(lot: Lot): LotAnswer {
  return {
    id: lot.id,
    points: lot.points,
    remaining: lot.remaining,
    reason: lot.reason,
    earned_at: lot.earnedAt.toISOString(),
    expires_at: lot.expiresAt.toISOString(),
  };
}

export function toPointEntryAnswer(entry: PointEntry): PointEntryAnswer {
  return {
    sequence: entry.sequence,
    kind: entry.kind,
    points: entry.points,
    balance_after: entry.balanceAfter,
    reference: entry.reference,
    created_at: entry.createdAt.toISOString(),
  };
}

export function toExchangeAnswer(exchange: Exchange): ExchangeAnswer {
  return {
    id: exchange.id,
    points: exchange.points,
    amount: formatCoins(exchange.amount),
    state: exchange.state,
    created_at: exchange.createdAt.toISOString(),
  };
}
