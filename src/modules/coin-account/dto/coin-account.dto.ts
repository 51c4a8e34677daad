import { z } from 'zod';
import { CoinsFormatError, type CoinsProblem, formatCoins, parseCoins } from '../../../shared/money.js';
import type { ErrorFactory } from '../../../platform/errors/index.js';
import { idSchema } from '../../../shared/ids.js';
import { amountNotADecimal, amountTooLarge, amountTooManyDecimals } from '../coin-account.errors.js';
import type { AccountBalances } from '../coin-account.service.js';
import type { GrantResult, PenaltyResult } from '../domain/ledger.js';

const coins = (description: string, example: string) => z.string().meta({ description, examples: [example] });

const requestedAmount = (example: string) =>
  z
    .string('must be a decimal string such as "12.5"')
    .max(64)
    .meta({
      description: 'Coins, as a decimal string with at most six decimal places.',
      examples: [example],
    });

const operatorNote = (example: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(500)
    .meta({
      description: 'Why. Kept in the journal, where the owner can read it.',
      examples: [example],
    });

export const grantSchema = z.strictObject({
  amount: requestedAmount('100'),
  reason: z
    .enum(['purchase', 'coupon', 'adjustment'])
    .meta({ description: 'Why the coins are given.', examples: ['purchase'] }),
  note: z
    .string()
    .max(500)
    .optional()
    .meta({
      description: 'Kept in the journal, where the owner can read it.',
      examples: ['Order 2027-0117'],
    }),
});
export type Grant = z.infer<typeof grantSchema>;

export const penaltySchema = z.strictObject({
  amount: requestedAmount('5'),
  reason: z
    .enum(['violation', 'chargeback', 'adjustment'])
    .meta({ description: 'Why the coins are taken.', examples: ['chargeback'] }),
  note: operatorNote('Payment 2027-0117 was charged back'),
  hold_id: idSchema.optional().meta({
    description: 'A hold to give back first, in the same transaction.',
    examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c890'],
  }),
});
export type Penalty = z.infer<typeof penaltySchema>;

export const holdReleaseSchema = z.strictObject({
  note: operatorNote('Its turn was lost in the outage of 3 May'),
});
export type HoldRelease = z.infer<typeof holdReleaseSchema>;

export const blockSchema = z.strictObject({ note: operatorNote('Stolen key, see ticket 381') });
export type Block = z.infer<typeof blockSchema>;

export const accountParamsSchema = z.object({
  user_id: idSchema.meta({ examples: ['0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44'] }),
});
export type AccountParams = z.infer<typeof accountParamsSchema>;

export const holdParamsSchema = accountParamsSchema.extend({
  hold_id: idSchema.meta({ examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c890'] }),
});
export type HoldParams = z.infer<typeof holdParamsSchema>;

const balanceFields = {
  balance: coins('All coins of the account, frozen ones included.', '100.000000'),
  available: coins('What it can spend now: balance less frozen.', '97.500000'),
  frozen: coins('Held for what runs now.', '2.500000'),
  debt: coins('What it owes; nothing can be held until it is paid.', '0.000000'),
};

export const accountSchema = z.object({
  account_id: z.uuid().meta({ description: "The user's id." }),
  ...balanceFields,
  is_blocked: z.boolean().meta({ description: 'True while an operator bars it from spending.' }),
});
export type AccountAnswer = z.infer<typeof accountSchema>;

export const grantResultSchema = z.object({
  account_id: z.uuid(),
  amount: coins('What was given.', '100.000000'),
  debt_paid: coins('The part of it that paid a debt.', '0.000000'),
  ...balanceFields,
});
export type GrantAnswer = z.infer<typeof grantResultSchema>;

export const penaltyResultSchema = z.object({
  account_id: z.uuid(),
  amount: coins('What was charged.', '5.000000'),
  refunded_amount: coins('What the hold gave back first.', '0.000000'),
  debt_amount: coins('The part that the account could not pay and owes now.', '0.000000'),
  ...balanceFields,
});
export type PenaltyAnswer = z.infer<typeof penaltyResultSchema>;

const amountProblems: Record<CoinsProblem, ErrorFactory> = {
  not_a_decimal: amountNotADecimal,
  too_many_decimals: amountTooManyDecimals,
  too_large: amountTooLarge,
};

/** Reads an amount of a request. @throws `amount_not_a_decimal`, `amount_too_many_decimals`, `amount_too_large` */
export function readAmount(text: string, param: string): bigint {
  try {
    return parseCoins(text);
  } catch (error) {
    if (!(error instanceof CoinsFormatError)) throw error;
    throw amountProblems[error.problem]({ detail: error.message, param });
  }
}

export function toAccountAnswer(account: AccountBalances): AccountAnswer {
  return {
    account_id: account.accountId,
    ...toBalanceFields(account),
    is_blocked: account.isBlocked,
  };
}

export function toGrantAnswer(accountId: string, result: GrantResult): GrantAnswer {
  return {
    account_id: accountId,
    amount: formatCoins(result.amount),
    debt_paid: formatCoins(result.debtPaid),
    ...toBalanceFields(result),
  };
}

export function toPenaltyAnswer(accountId: string, result: PenaltyResult): PenaltyAnswer {
  return {
    account_id: accountId,
    amount: formatCoins(result.amount),
    refunded_amount: formatCoins(result.refundedAmount),
    debt_amount: formatCoins(result.debtAmount),
    ...toBalanceFields(result),
  };
}

function toBalanceFields(balances: Record<keyof typeof balanceFields, bigint>) {
  return {
    balance: formatCoins(balances.balance),
    available: formatCoins(balances.available),
    frozen: formatCoins(balances.frozen),
    debt: formatCoins(balances.debt),
  };
}
