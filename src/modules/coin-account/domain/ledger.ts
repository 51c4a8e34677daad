import { MAX_MICRO_COINS, type MicroCoins } from '../../../shared/money.js';
import { type AccountState, availableOf, Posting } from './account.js';
import {
  type Amounts,
  applied,
  type Decision,
  type Facts,
  hashRequest,
  recordResult,
  reject,
  rejectKeyed,
  type Rejection,
  replayed,
} from './decision.js';
import type { Hold } from './hold.js';

/**
 * The rules of the ledger: each function decides one operation from the facts and changes nothing. Amounts are
 * micro-coins, between zero and the largest that 64 bits hold. Coins that become available pay a debt first.
 */

export type GrantReason =
  | 'purchase'
  | 'coupon'
  | 'invitation'
  | 'points'
  | 'activity'
  | 'reward'
  | 'adjustment';

/** Why an operator charges a penalty. */
export type PenaltyReason = 'violation' | 'chargeback' | 'adjustment';

/** An account after an operation. `available` is `balance` less `frozen`. */
export type Balances = {
  balance: MicroCoins;
  available: MicroCoins;
  frozen: MicroCoins;
  debt: MicroCoins;
};

/** `debtPaid` is the part of the grant that paid what was owed. */
export type GrantResult = Balances & { amount: MicroCoins; debtPaid: MicroCoins };

/** `refundedAmount` is what the hold gave back, `debtAmount` the part of the penalty that could not be paid. */
export type PenaltyResult = Balances & {
  amount: MicroCoins;
  refundedAmount: MicroCoins;
  debtAmount: MicroCoins;
};

export interface GrantRequest {
  amount: MicroCoins;
  reason: GrantReason;
  actor: string;
  /** What it is about, where that has an id. */
  reference?: string | undefined;
  note?: string | undefined;
  idempotencyKey: string;
}

export interface HoldRequest {
  holdId: string;
  amount: MicroCoins;
  purpose: string;
  reference: string;
  leaseMs: number;
}

export interface PenaltyRequest {
  holdId?: string | undefined;
  amount: MicroCoins;
  /** What it is about; without one, what its hold is about. */
  reference?: string | undefined;
  reason?: PenaltyReason | undefined;
  note?: string | undefined;
  /** Who charges it; the product itself if nobody is named. */
  actor?: string | undefined;
  idempotencyKey: string;
}

export interface OperatorReleaseRequest {
  holdId: string;
  actor: string;
  note: string;
  idempotencyKey: string;
}

const SYSTEM = 'system';
const OPERATOR = 'operator';

/** The key under which a refused hold is recorded. Other operations may not take keys that begin so. */
export const HOLD_KEY_PREFIX = 'hold:';

export function holdKey(holdId: string): string {
  return HOLD_KEY_PREFIX + holdId;
}

export function balancesOf(account: Pick<AccountState, 'balance' | 'frozen' | 'debt'>): Balances {
  const { balance, frozen, debt } = account;
  return { balance, available: availableOf(account), frozen, debt };
}

/** Adds coins, and pays the debt from them. */
export function grant(facts: Facts, request: GrantRequest): Decision<GrantResult> {
  const { account, now } = facts;
  const { amount, reason, reference, note, idempotencyKey } = request;
  // Without a reference, as of all grants once, the hash is what it always was.
  const content = [amount, reason, note, ...(reference === undefined ? [] : [reference])];
  const keyed = { kind: 'grant', idempotencyKey, requestHash: hashRequest('grant', ...content) };
  const before = replayed<GrantResult>(facts, keyed);
  if (before) return before;
  if (account.balance + amount > MAX_MICRO_COINS)
    return rejectKeyed(facts, keyed, { code: 'balance_overflow' });
  const posting = new Posting(account, request, now);
  posting.post('grant', { balance: amount });
  const debtPaid = posting.payDebt();
  const result = { amount, debtPaid, ...balancesOf(posting.account) };
  return applied(posting, result, { record: recordResult(account.id, keyed, result) });
}

/**
 * Freezes coins that are available. A hold of zero is one like any other: it needs no coins, but an account
 * that may be charged.
 */
export function hold(facts: Facts, request: HoldRequest): Decision<Hold> {
  const { account, now } = facts;
  const { holdId, amount, purpose, reference } = request;
  const keyed = () => ({
    kind: 'hold',
    idempotencyKey: holdKey(holdId),
    requestHash: hashRequest('hold', holdId, amount, purpose, reference),
  });
  if (facts.hold) {
    return isSameHold(facts.hold, account.id, request)
      ? { kind: 'repeat', result: facts.hold }
      : reject({ code: 'idempotency_key_reused', key: holdId });
  }
  // What is recorded here are refusals alone.
  const refused = facts.recorded && replayed<never>(facts, keyed());
  if (refused) return refused;
  const rejection = whyNotHold(account, amount);
  if (rejection) return rejectKeyed(facts, keyed(), rejection);
  const posting = new Posting(account, { actor: SYSTEM, holdId, reference, reason: purpose }, now);
  const entry = posting.post('hold', { frozen: amount });
  const opened: Hold = {
    id: holdId,
    accountId: account.id,
    amount,
    status: 'open',
    settledAmount: null,
    debtAmount: null,
    purpose,
    reference,
    openedSequence: entry.sequence,
    endedSequence: null,
    expiresAt: new Date(now.getTime() + request.leaseMs),
    createdAt: entry.createdAt,
    endedAt: null,
  };
  return applied(posting, opened, { openedHold: opened });
}

function isSameHold(existing: Hold, accountId: string, request: HoldRequest): boolean {
  return (
    existing.accountId === accountId &&
    existing.amount === request.amount &&
    existing.purpose === request.purpose &&
    existing.reference === request.reference
  );
}

function whyNotHold(account: AccountState, amount: MicroCoins): Rejection | undefined {
  if (account.isBlocked) return { code: 'account_blocked' };
  if (account.debt > 0n) return { code: 'account_in_debt', debt: account.debt };
  const available = availableOf(account);
  if (amount > available) return { code: 'insufficient_coins', required: amount, available };
  return undefined;
}

/**
 * Charges what the purpose cost and ends the hold. What was held beyond it is available again; what it cost
 * beyond the hold is taken from what is available; what is missing then becomes a debt.
 */
export function settle(
  facts: Facts,
  request: { holdId: string; amount: MicroCoins; reference: string },
): Decision<Hold> {
  const { account, now } = facts;
  const { holdId, amount, reference } = request;
  const held = ownHold(facts);
  if (held?.status === 'settled' && held.settledAmount === amount) return { kind: 'repeat', result: held };
  if (held?.status !== 'open') return rejectEnded(held, holdId);
  const payable = held.amount + availableOf(account);
  const charged = amount < payable ? amount : payable;
  const debtAmount = amount - charged;
  if (account.debt + debtAmount > MAX_MICRO_COINS) return reject({ code: 'balance_overflow' });
  const posting = new Posting(account, { actor: SYSTEM, holdId, reference }, now);
  const entry = posting.post('settle', { balance: -charged, frozen: -held.amount, debt: debtAmount });
  posting.payDebt();
  const ended: Hold = { ...endHold(held, 'settled', entry), settledAmount: amount, debtAmount };
  return applied(posting, ended, { endedHold: ended });
}

/** Makes all that was held available again and ends the hold. */
export function release(
  facts: Facts,
  request: { holdId: string; reason: string; actor?: string | undefined },
): Decision<Hold> {
  const { account, now } = facts;
  const { holdId, reason, actor = SYSTEM } = request;
  const held = ownHold(facts);
  if (held?.status === 'released') return { kind: 'repeat', result: held };
  if (held?.status !== 'open') return rejectEnded(held, holdId);
  const posting = new Posting(account, { actor, holdId, reference: held.reference, reason }, now);
  const entry = posting.post('release', { frozen: -held.amount });
  posting.payDebt();
  const ended = endHold(held, 'released', entry);
  return applied(posting, ended, { endedHold: ended });
}

/**
 * The same for an operator who frees a hold that is stuck, under a key of the operator's. A hold that has ended in
 * any way is refused: nothing was stuck.
 */
export function releaseAsOperator(facts: Facts, request: OperatorReleaseRequest): Decision<Hold> {
  const { account, now } = facts;
  const { holdId, actor, note, idempotencyKey } = request;
  const requestHash = hashRequest('operator_release', holdId, note);
  const keyed = { kind: 'operator_release', idempotencyKey, requestHash };
  const held = ownHold(facts);
  const before = replayed<Amounts>(facts, keyed);
  if (before?.kind === 'reject') return before;
  // The hold is as it was then: it ends once.
  if (before && held) return { kind: 'repeat', result: held };
  if (held?.status !== 'open') return rejectKeyed(facts, keyed, endedRejection(held, holdId));
  const context = { actor, holdId, reference: held.reference, reason: OPERATOR, note, idempotencyKey };
  const posting = new Posting(account, context, now);
  const entry = posting.post('release', { frozen: -held.amount });
  posting.payDebt();
  const ended = endHold(held, 'released', entry);
  return applied(posting, ended, { endedHold: ended, record: recordResult(account.id, keyed, {}) });
}

/**
 * Bars the account from new holds, or lets it hold again. What is held already can be settled, and grants are
 * taken. An account that is as it should be stays so without an entry.
 * @returns whether the account is blocked.
 */
export function setBlocked(
  facts: Facts,
  request: { isBlocked: boolean; actor: string; note: string },
): Decision<boolean> {
  const { account, now } = facts;
  const { isBlocked, actor, note } = request;
  if (account.isBlocked === isBlocked) return { kind: 'repeat', result: isBlocked };
  const posting = new Posting(account, { actor, reason: OPERATOR, note }, now);
  posting.post(isBlocked ? 'block' : 'unblock', {});
  return applied(posting, isBlocked);
}

/**
 * Ends an open hold whose time is up. One that ended in the meantime, or was renewed, stays as it is.
 * @returns whether the hold was ended now.
 */
export function expire(facts: Facts): Decision<boolean> {
  const { account, now } = facts;
  const held = ownHold(facts);
  if (held?.status !== 'open' || held.expiresAt > now) return { kind: 'repeat', result: false };
  const posting = new Posting(account, { actor: SYSTEM, holdId: held.id, reference: held.reference }, now);
  const entry = posting.post('expire', { frozen: -held.amount });
  posting.payDebt();
  return applied(posting, true, { endedHold: endHold(held, 'expired', entry) });
}

/**
 * Charges a penalty, after giving back what the violation's hold still holds. What the account cannot pay
 * becomes a debt. A hold that was released or expired before has given back already; one that was settled is
 * refused, because its cost was charged.
 */
export function penalize(facts: Facts, request: PenaltyRequest): Decision<PenaltyResult> {
  const { account, now } = facts;
  const { holdId, amount, reason, note, actor = SYSTEM, idempotencyKey } = request;
  const requestHash = hashRequest('penalty', holdId, amount, request.reference, reason, note);
  const keyed = { kind: 'penalty', idempotencyKey, requestHash };
  const before = replayed<PenaltyResult>(facts, keyed);
  if (before) return before;
  const held = holdId === undefined ? undefined : ownHold(facts);
  if (holdId !== undefined && (!held || held.status === 'settled'))
    return rejectKeyed(facts, keyed, endedRejection(held, holdId));
  const reference = request.reference ?? held?.reference;
  const open = held?.status === 'open' ? held : undefined;
  const posting = new Posting(account, { actor, holdId, reference, reason, note, idempotencyKey }, now);
  const releaseEntry = open && posting.post('release', { frozen: -open.amount });
  const payable = availableOf(posting.account);
  const charged = amount < payable ? amount : payable;
  const debtAmount = amount - charged;
  if (account.debt + debtAmount > MAX_MICRO_COINS)
    return rejectKeyed(facts, keyed, { code: 'balance_overflow' });
  posting.post('penalty', { balance: -charged, debt: debtAmount });
  posting.payDebt();
  const balances = balancesOf(posting.account);
  const result = { amount, refundedAmount: open?.amount ?? 0n, debtAmount, ...balances };
  const record = recordResult(account.id, keyed, result);
  if (!open || !releaseEntry) return applied(posting, result, { record });
  return applied(posting, result, { record, endedHold: endHold(open, 'released', releaseEntry) });
}

/** The hold if it is this account's. To its caller, another's hold does not exist. */
function ownHold(facts: Facts): Hold | undefined {
  return facts.hold?.accountId === facts.account.id ? facts.hold : undefined;
}

function endHold(
  held: Hold,
  status: Exclude<Hold['status'], 'open'>,
  entry: { sequence: number; createdAt: Date },
): Hold {
  return { ...held, status, endedSequence: entry.sequence, endedAt: entry.createdAt };
}

function rejectEnded(held: Hold | undefined, holdId: string): Decision<never> {
  return reject(endedRejection(held, holdId));
}

function endedRejection(held: Hold | undefined, holdId: string): Rejection {
  if (!held || held.status === 'open') return { code: 'hold_not_found', holdId };
  const { status, settledAmount } = held;
  return { code: 'hold_ended', holdId, status, settledAmount };
}
