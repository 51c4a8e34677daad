import { z } from 'zod';
import { CoinsFormatError, type CoinsProblem, formatCoins, parseCoins } from '../../../shared/money.js';
import type { ErrorFactory } from '../../../platform/errors/index.js';
import { idSchema } from '../../../shared/ids.js';
import { amountNotADecimal, amountTooLarge, amountTooManyDecimals } from '../coin-account.errors.js';
import type { AccountBalances } from '../coin-account.service.js';
import type { JournalEntry } from '../domain/journal.js';
import type { GrantResult } from '../domain/ledger.js';

const coins = (description: string, example: string) => z.string().meta({ description, examples: [example] });

export const grantSchema = z.strictObject({
  amount: z
    .string('must be a decimal string such as "12.5"')
    .max(64)
    .meta({
      description: 'Coins, as a decimal string with at most six decimal places.',
      examples: ['100'],
    }),
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

export const accountParamsSchema = z.object({
  user_id: idSchema.meta({ examples: ['0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44'] }),
});
export type AccountParams = z.infer<typeof accountParamsSchema>;

export const journalQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'At most so many.', examples: [50] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type JournalQuery = z.infer<typeof journalQuerySchema>;

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

const entrySchema = z.object({
  sequence: z.int().meta({ description: 'Its number in the account, from 1, without gaps.' }),
  kind: z
    .enum(['grant', 'debt_payment', 'hold', 'settle', 'release', 'expire', 'penalty'])
    .meta({ examples: ['settle'] }),
  balance_delta: coins('How the balance changed.', '-1.250000'),
  frozen_delta: coins('How what is frozen changed.', '-2.500000'),
  debt_delta: coins('How the debt changed.', '0.000000'),
  balance_after: coins('The balance after it.', '98.750000'),
  frozen_after: coins('What was frozen after it.', '0.000000'),
  debt_after: coins('The debt after it.', '0.000000'),
  hold_id: z.uuid().nullable(),
  reference: z.string().nullable().meta({ description: "What it is about: a turn's id." }),
  reason: z
    .string()
    .nullable()
    .meta({ examples: ['purchase'] }),
  note: z.string().nullable(),
  created_at: z.iso.datetime(),
});

export const journalPageSchema = z.object({
  items: z.array(entrySchema).meta({ description: 'The newest first.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});

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

function toBalanceFields(balances: Record<keyof typeof balanceFields, bigint>) {
  return {
    balance: formatCoins(balances.balance),
    available: formatCoins(balances.available),
    frozen: formatCoins(balances.frozen),
    debt: formatCoins(balances.debt),
  };
}

/** Who acted is not shown to the owner: it may be an operator. */
export function toEntryAnswer(entry: JournalEntry): z.infer<typeof entrySchema> {
  return {
    sequence: entry.sequence,
    kind: entry.kind,
    balance_delta: formatCoins(entry.balanceDelta),
    frozen_delta: formatCoins(entry.frozenDelta),
    debt_delta: formatCoins(entry.debtDelta),
    balance_after: formatCoins(entry.balanceAfter),
    frozen_after: formatCoins(entry.frozenAfter),
    debt_after: formatCoins(entry.debtAfter),
    hold_id: entry.holdId,
    reference: entry.reference,
    reason: entry.reason,
    note: entry.note,
    created_at: entry.createdAt.toISOString(),
  };
}
