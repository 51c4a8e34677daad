import { type AppError, defineError } from '../../platform/errors/index.js';
import { formatCoins } from '../../shared/money.js';
import type { Rejection } from './domain/decision.js';

const insufficientCoins = defineError({
  code: 'insufficient_coins',
  kind: 'payment_required',
  title: 'The account has too few coins for this.',
});

const accountInDebt = defineError({
  code: 'account_in_debt',
  kind: 'payment_required',
  title: 'The account owes coins; they must be paid before it can spend again.',
});

const accountBlocked = defineError({
  code: 'account_blocked',
  kind: 'forbidden',
  title: 'The account is blocked; ask an operator.',
});

export const accountBusy = defineError({
  code: 'account_busy',
  kind: 'rate_limited',
  title: 'Too many operations on this account wait already.',
});

export const holdNotFound = defineError({
  code: 'hold_not_found',
  kind: 'not_found',
  title: 'This account has no such hold.',
});

/** `details.status` says how the hold ended, `details.settled_amount` for how much if it was settled. */
export const holdEnded = defineError({
  code: 'hold_ended',
  kind: 'conflict',
  title: 'The hold has ended already, in another way.',
});

export const idempotencyKeyReused = defineError({
  code: 'idempotency_key_reused',
  kind: 'invalid',
  title: 'This idempotency key was used for another operation.',
});

export const operationInFlight = defineError({
  code: 'operation_in_flight',
  kind: 'conflict',
  title: 'The operation of this idempotency key is still under way; ask again for its answer.',
});

export const statementTooLong = defineError({
  code: 'statement_too_long',
  kind: 'invalid',
  title: 'The period has more entries than a statement can have.',
});

const balanceOverflow = defineError({
  code: 'balance_overflow',
  kind: 'invalid',
  title: 'The account cannot hold or owe that much.',
});

export const amountNegative = defineError({
  code: 'amount_negative',
  kind: 'invalid',
  title: 'An amount may not be negative.',
});

export const amountZero = defineError({
  code: 'amount_zero',
  kind: 'invalid',
  title: 'The amount must be more than zero.',
});

export const amountTooLarge = defineError({
  code: 'amount_too_large',
  kind: 'invalid',
  title: 'The amount is larger than an account can hold.',
});

export const amountNotADecimal = defineError({
  code: 'amount_not_a_decimal',
  kind: 'invalid',
  title: 'Write an amount as a decimal string, such as "12.5".',
});

export const amountTooManyDecimals = defineError({
  code: 'amount_too_many_decimals',
  kind: 'invalid',
  title: 'An amount has at most six decimal places.',
});

type Explanations = {
  [C in Rejection['code']]: (rejection: Extract<Rejection, { code: C }>) => AppError;
};

const explain: Explanations = {
  insufficient_coins: ({ required, available }) =>
    insufficientCoins({
      detail: `This needs ${formatCoins(required)} coins; ${formatCoins(available)} are available.`,
      details: { required: formatCoins(required), available: formatCoins(available) },
    }),
  account_in_debt: ({ debt }) =>
    accountInDebt({
      detail: `The account owes ${formatCoins(debt)} coins; they must be paid before it can spend again.`,
      details: { debt: formatCoins(debt) },
    }),
  account_blocked: () => accountBlocked(),
  balance_overflow: () => balanceOverflow(),
  hold_not_found: ({ holdId }) => holdNotFound({ details: { hold_id: holdId } }),
  hold_ended: ({ holdId, status, settledAmount }) =>
    holdEnded({
      detail: `The hold ${holdId} was ${status} already.`,
      details: {
        hold_id: holdId,
        status,
        ...(settledAmount === null ? {} : { settled_amount: formatCoins(settledAmount) }),
      },
    }),
  idempotency_key_reused: ({ key }) =>
    idempotencyKeyReused({
      detail: `${key} was used for another operation, or for the same with other values.`,
    }),
};

/** The error that tells a caller why the ledger refused. */
export function rejectionError(rejection: Rejection): AppError {
  // The map has each code's own function; the type system cannot follow that through an index.
  return (explain[rejection.code] as (rejection: Rejection) => AppError)(rejection);
}
