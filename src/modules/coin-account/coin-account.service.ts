import { Injectable } from '@nestjs/common';
import { idempotencyKeyInvalid, invalidRequest } from '../../platform/errors/index.js';
import { idSchema } from '../../shared/ids.js';
import { MAX_MICRO_COINS, type MicroCoins } from '../../shared/money.js';
import { amountNegative, amountTooLarge, amountZero, rejectionError } from './coin-account.errors.js';
import { AccountLines } from './account-lines.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import type { Operation } from './domain/decision.js';
import { emptyAccount } from './domain/account.js';
import type { Hold } from './domain/hold.js';
import * as ledger from './domain/ledger.js';

/** An account as its owner sees it, in micro-coins. `available` is `balance` less `frozen`. */
export interface AccountBalances extends ledger.Balances {
  accountId: string;
  isBlocked: boolean;
}

const MAX_KEY_LENGTH = 255;
const PRINTABLE_ASCII = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** Chat turns hold for minutes; what a user is promised for work that others do is held for months. */
const MAX_LEASE_MS = 400 * 24 * 3_600_000;
const MAX_RENEWED_AT_ONCE = 1_000;
const MAX_EXPIRED_AT_ONCE = 1_000;
/** How long a worker may take for the holds it claimed; then another may. */
const EXPIRY_CLAIM_MS = 15_000;
const MAX_NOTE_LENGTH = 500;

/**
 * The coins of every account. All amounts are `bigint` micro-coins from zero to `MAX_MICRO_COINS`
 * (`amount_negative`, `amount_too_large` otherwise). An answer means that the operation is committed. Every
 * operation can be repeated: with the same id or key and the same content it acts once and answers as the first
 * time (also if that was a refusal), with other content it throws `idempotency_key_reused`.
 */
@Injectable()
export class CoinAccountService {
  constructor(
    private readonly repository: CoinAccountRepository,
    private readonly lines: AccountLines,
  ) {}

  /**
   * Gives coins to an account, making it if need be. A debt is paid first.
   * @throws `amount_zero`, `balance_overflow`
   */
  async grantCoins(request: ledger.GrantRequest & { accountId: string }): Promise<ledger.GrantResult> {
    const accountId = checkId('account_id', request.accountId);
    checkAmount(request.amount);
    if (request.amount === 0n) throw amountZero();
    const idempotencyKey = checkKey(request.idempotencyKey);
    checkText('actor', request.actor, 64);
    if (request.reference !== undefined) checkText('reference', request.reference, 128);
    const note = request.note === undefined ? undefined : checkNote(request.note);
    return this.execute({
      accountId,
      idempotencyKey,
      decide: (facts) => ledger.grant(facts, { ...request, note }),
    });
  }

  /**
   * Freezes coins under an id of the caller's making, for `leaseMs`; after that, unless renewed, they are given
   * back. A hold of zero is allowed; it needs no coins, but an account that may be charged.
   * @returns the hold; on a repetition as it stands by then, so look at `status`.
   * @throws `insufficient_coins`, `account_in_debt`, `account_blocked`. A refused id stays refused.
   */
  async holdCoins(request: ledger.HoldRequest & { accountId: string }): Promise<Hold> {
    const accountId = checkId('account_id', request.accountId);
    const holdId = checkId('hold_id', request.holdId);
    checkAmount(request.amount);
    checkText('purpose', request.purpose, 64);
    checkText('reference', request.reference, 128);
    checkLease(request.leaseMs);
    return this.execute({
      accountId,
      holdId,
      isOpening: true,
      idempotencyKey: ledger.holdKey(holdId),
      decide: (facts) => ledger.hold(facts, request),
    });
  }

  /**
   * Charges the actual cost and ends the hold: what was held beyond it is released, what it cost beyond the hold
   * comes from what is available, and what is missing becomes a debt (`debtAmount`).
   * @throws `hold_not_found`, `hold_ended` if it was released, expired, or settled for another amount.
   */
  async settleHold(request: {
    accountId: string;
    holdId: string;
    amount: MicroCoins;
    reference: string;
  }): Promise<Hold> {
    checkAmount(request.amount);
    checkText('reference', request.reference, 128);
    return this.endHold(request, (facts) => ledger.settle(facts, request));
  }

  /**
   * Gives back all that was held and ends the hold.
   * @throws `hold_not_found`, `hold_ended` if it was settled or expired.
   */
  async releaseHold(request: {
    accountId: string;
    holdId: string;
    reason: string;
    actor?: string;
  }): Promise<Hold> {
    checkText('reason', request.reason, 64);
    if (request.actor !== undefined) checkText('actor', request.actor, 64);
    return this.endHold(request, (facts) => ledger.release(facts, request));
  }

  /**
   * Charges a penalty for a violation. With a hold, gives back first what it still holds, in the same
   * transaction. What the account cannot pay becomes a debt. A penalty of zero is recorded like any other.
   * @throws `hold_not_found`; `hold_ended` if the hold was settled (one that was released or expired has given
   *   back already).
   */
  async penalizeViolation(
    request: ledger.PenaltyRequest & { accountId: string },
  ): Promise<ledger.PenaltyResult> {
    checkAmount(request.amount);
    if (request.reference !== undefined) checkText('reference', request.reference, 128);
    if (request.actor !== undefined) checkText('actor', request.actor, 64);
    const note = request.note === undefined ? undefined : checkNote(request.note);
    return this.execute({
      accountId: checkId('account_id', request.accountId),
      holdId: request.holdId === undefined ? undefined : checkId('hold_id', request.holdId),
      idempotencyKey: checkKey(request.idempotencyKey),
      decide: (facts) => ledger.penalize(facts, { ...request, note }),
    });
  }

  /**
   * Moves the end of open holds to `leaseMs` from now, never nearer. Ids of holds that ended or never were are
   * passed over.
   * @returns how many were open.
   */
  async renewHolds(holdIds: readonly string[], leaseMs: number): Promise<number> {
    checkLease(leaseMs);
    const ids = holdIds.map((id) => checkId('hold_ids', id));
    let renewed = 0;
    for (let start = 0; start < ids.length; start += MAX_RENEWED_AT_ONCE) {
      renewed += await this.repository.renewHolds(ids.slice(start, start + MAX_RENEWED_AT_ONCE), leaseMs);
    }
    return renewed;
  }

  /**
   * Ends up to `limit` (at most 1,000) open holds whose time is up by the database's clock, each in its own
   * transaction. Several workers may do so at once: they share the holds. A hold that was settled, released or
   * renewed in the meantime is left as it is.
   * @returns how many were ended.
   */
  async expireHolds(limit: number): Promise<number> {
    const claimed = await this.repository.claimExpiredHolds(
      Math.min(limit, MAX_EXPIRED_AT_ONCE),
      EXPIRY_CLAIM_MS,
    );
    let expired = 0;
    for (const { id, accountId } of claimed) {
      if (await this.execute({ accountId, holdId: id, decide: ledger.expire })) expired++;
    }
    return expired;
  }

  /** The account now: zeros for one that nothing happened to yet. */
  async accountOf(accountId: string): Promise<AccountBalances> {
    const id = checkId('account_id', accountId);
    const account = (await this.repository.findAccount(id)) ?? emptyAccount(id);
    return { accountId: id, isBlocked: account.isBlocked, ...ledger.balancesOf(account) };
  }

  /**
   * Gives back what a stuck hold holds, on behalf of an operator.
   * @throws `hold_not_found`, `hold_ended` however it ended
   */
  async releaseStuckHold(request: ledger.OperatorReleaseRequest & { accountId: string }): Promise<Hold> {
    checkText('actor', request.actor, 64);
    const note = checkNote(request.note);
    return this.execute({
      accountId: checkId('account_id', request.accountId),
      holdId: checkId('hold_id', request.holdId),
      idempotencyKey: checkKey(request.idempotencyKey),
      decide: (facts) => ledger.releaseAsOperator(facts, { ...request, note }),
    });
  }

  /**
   * Bars an account from new holds, or lets it hold again. Doing what is done already changes nothing. What is held
   * can still be settled, grants and penalties are taken.
   */
  async setBlocked(request: {
    accountId: string;
    isBlocked: boolean;
    actor: string;
    note: string;
  }): Promise<void> {
    checkText('actor', request.actor, 64);
    const note = checkNote(request.note);
    await this.execute({
      accountId: checkId('account_id', request.accountId),
      decide: (facts) => ledger.setBlocked(facts, { ...request, note }),
    });
  }

  private endHold(
    request: { accountId: string; holdId: string },
    decide: Operation<Hold>['decide'],
  ): Promise<Hold> {
    const accountId = checkId('account_id', request.accountId);
    return this.execute({ accountId, holdId: checkId('hold_id', request.holdId), decide });
  }

  private async execute<R>(operation: Operation<R>): Promise<R> {
    const decision = await this.lines.execute(operation);
    if (decision.kind === 'reject') throw rejectionError(decision.rejection);
    return decision.result;
  }
}

function checkAmount(amount: MicroCoins): void {
  if (typeof amount !== 'bigint') throw new TypeError('An amount of coins is a bigint of micro-coins.');
  if (amount < 0n) throw amountNegative();
  if (amount > MAX_MICRO_COINS) throw amountTooLarge();
}

function checkId(param: string, id: string): string {
  if (idSchema.safeParse(id).data !== id) {
    throw invalidRequest({ param, detail: `${param} must be a UUID in lower case.` });
  }
  return id;
}

function checkKey(key: string): string {
  const isFit = key.length <= MAX_KEY_LENGTH && PRINTABLE_ASCII.test(key);
  if (!isFit || key.startsWith(ledger.HOLD_KEY_PREFIX)) throw idempotencyKeyInvalid();
  return key;
}

function checkText(param: string, text: string, maxLength: number): void {
  if (text.length > maxLength || !PRINTABLE_ASCII.test(text)) {
    throw invalidRequest({ param, detail: `${param} must be 1 to ${maxLength} printable ASCII characters.` });
  }
}

/** A text for people, kept as it is but for halves of characters, which UTF-8 cannot hold. */
function checkNote(note: string): string {
  if (note.length > MAX_NOTE_LENGTH) throw invalidRequest({ param: 'note' });
  return note.toWellFormed();
}

function checkLease(leaseMs: number): void {
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 1 || leaseMs > MAX_LEASE_MS) {
    throw invalidRequest({
      param: 'lease_ms',
      detail: `lease_ms must be a whole number from 1 to ${MAX_LEASE_MS}.`,
    });
  }
}
