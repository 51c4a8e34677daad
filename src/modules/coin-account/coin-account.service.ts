import { Injectable } from '@nestjs/common';
import { rejectionError } from './coin-account.errors.js';
import { AccountLines } from './account-lines.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import { checkAmount, checkId, checkKey, checkLease, checkNote, checkText } from './coin-request.checks.js';
import {
  type GrantRequest,
  grantOperation,
  type ReleaseRequest,
  releaseOperation,
  type SettleRequest,
  settleOperation,
} from './coin-requests.js';
import type { Decision, Operation } from './domain/decision.js';
import { emptyAccount } from './domain/account.js';
import type { Hold } from './domain/hold.js';
import * as ledger from './domain/ledger.js';
import { JointOperations } from './joint-operations.service.js';

/** An account as its owner sees it, in micro-coins. `available` is `balance` less `frozen`. */
export interface AccountBalances extends ledger.Balances {
  accountId: string;
  isBlocked: boolean;
}

const MAX_RENEWED_AT_ONCE = 1_000;
const MAX_EXPIRED_AT_ONCE = 1_000;
/** How long a worker may take for the holds it claimed; then another may. */
const EXPIRY_CLAIM_MS = 15_000;

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
    private readonly joint: JointOperations,
  ) {}

  /**
   * Gives coins to an account, making it if need be. A debt is paid first.
   * @throws `amount_zero`, `balance_overflow`
   */
  async grantCoins(request: GrantRequest): Promise<ledger.GrantResult> {
    return this.execute(grantOperation(request));
  }

  /**
   * The same for many accounts, in one transaction for up to 200 of them. One that is refused leaves the others as
   * they are.
   * @returns what became of each, in their order.
   */
  grantAll(requests: readonly GrantRequest[]): Promise<PromiseSettledResult<ledger.GrantResult>[]> {
    return this.executeAll(requests, grantOperation);
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
  async settleHold(request: SettleRequest): Promise<Hold> {
    return this.execute(settleOperation(request));
  }

  /** The same for many holds, as `grantAll` does. */
  settleAll(requests: readonly SettleRequest[]): Promise<PromiseSettledResult<Hold>[]> {
    return this.executeAll(requests, settleOperation);
  }

  /**
   * Gives back all that was held and ends the hold.
   * @throws `hold_not_found`, `hold_ended` if it was settled or expired.
   */
  async releaseHold(request: ReleaseRequest): Promise<Hold> {
    return this.execute(releaseOperation(request));
  }

  /** The same for many holds, as `grantAll` does. */
  releaseAll(requests: readonly ReleaseRequest[]): Promise<PromiseSettledResult<Hold>[]> {
    return this.executeAll(requests, releaseOperation);
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

  private async execute<R>(operation: Operation<R>): Promise<R> {
    const decision = await this.lines.execute(operation);
    return resultOf(decision);
  }

  /** A request that makes no sense is refused by itself, as any other. */
  private async executeAll<Q, R>(
    requests: readonly Q[],
    toOperation: (request: Q) => Operation<R>,
  ): Promise<PromiseSettledResult<R>[]> {
    const checked = requests.map((request): { operation: Operation<R> } | PromiseRejectedResult => {
      try {
        return { operation: toOperation(request) };
      } catch (reason) {
        return { status: 'rejected', reason };
      }
    });
    const operations = checked.flatMap((one) => ('operation' in one ? [one.operation] : []));
    const decided = await this.joint.execute(operations);
    let position = 0;
    return checked.map((one) => ('operation' in one ? settledOf(decided[position++]) : one));
  }
}

/** @throws why the operation was refused. */
function resultOf<R>(decision: Decision<R>): R {
  if (decision.kind === 'reject') throw rejectionError(decision.rejection);
  return decision.result;
}

function settledOf<R>(decided: PromiseSettledResult<Decision<R>> | undefined): PromiseSettledResult<R> {
  if (!decided) throw new Error('An operation of a group has no outcome.');
  if (decided.status === 'rejected') return decided;
  const decision = decided.value;
  return decision.kind === 'reject'
    ? { status: 'rejected', reason: rejectionError(decision.rejection) }
    : { status: 'fulfilled', value: decision.result };
}
