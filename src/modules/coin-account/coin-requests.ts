import type { MicroCoins } from '../../shared/money.js';
import { amountZero } from './coin-account.errors.js';
import { checkAmount, checkId, checkKey, checkNote, checkText } from './coin-request.checks.js';
import type { Operation } from './domain/decision.js';
import type { Hold } from './domain/hold.js';
import * as ledger from './domain/ledger.js';

/** What can be asked for one account or for many at once: each request is checked and becomes an operation. */

export type GrantRequest = ledger.GrantRequest & { accountId: string };

export interface SettleRequest {
  accountId: string;
  holdId: string;
  amount: MicroCoins;
  reference: string;
}

export interface ReleaseRequest {
  accountId: string;
  holdId: string;
  reason: string;
  actor?: string;
}

export function grantOperation(request: GrantRequest): Operation<ledger.GrantResult> {
  const accountId = checkId('account_id', request.accountId);
  checkAmount(request.amount);
  if (request.amount === 0n) throw amountZero();
  const idempotencyKey = checkKey(request.idempotencyKey);
  checkText('actor', request.actor, 64);
  if (request.reference !== undefined) checkText('reference', request.reference, 128);
  const note = request.note === undefined ? undefined : checkNote(request.note);
  return { accountId, idempotencyKey, decide: (facts) => ledger.grant(facts, { ...request, note }) };
}

export function settleOperation(request: SettleRequest): Operation<Hold> {
  checkAmount(request.amount);
  checkText('reference', request.reference, 128);
  return { ...checkHold(request), decide: (facts) => ledger.settle(facts, request) };
}

export function releaseOperation(request: ReleaseRequest): Operation<Hold> {
  checkText('reason', request.reason, 64);
  if (request.actor !== undefined) checkText('actor', request.actor, 64);
  return { ...checkHold(request), decide: (facts) => ledger.release(facts, request) };
}

function checkHold(request: { accountId: string; holdId: string }): { accountId: string; holdId: string } {
  return {
    accountId: checkId('account_id', request.accountId),
    holdId: checkId('hold_id', request.holdId),
  };
}
