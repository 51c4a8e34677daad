import { createHash } from 'node:crypto';
import type { MicroCoins } from '../../../shared/money.js';
import type { AccountState, Posting } from './account.js';
import type { Hold, HoldStatus } from './hold.js';
import type { JournalEntry } from './journal.js';

/** Why an operation was refused. The account is as it was. */
export type Rejection =
  | { code: 'insufficient_coins'; required: MicroCoins; available: MicroCoins }
  | { code: 'account_blocked' }
  | { code: 'account_in_debt'; debt: MicroCoins }
  | { code: 'balance_overflow' }
  | { code: 'hold_not_found'; holdId: string }
  | {
      code: 'hold_ended';
      holdId: string;
      status: Exclude<HoldStatus, 'open'>;
      settledAmount: MicroCoins | null;
    }
  | { code: 'idempotency_key_reused'; key: string };

/** The amounts of a result, by name. */
export type Amounts = Record<string, MicroCoins>;

/** The stored outcome of an operation: amounts as decimal strings, so that JSON keeps them exact. */
export type StoredOutcome =
  | { result: Record<string, string> }
  | { rejection: Record<string, string | null> & { code: string } };

/** An operation under its idempotency key, as stored. */
export interface RecordedOperation {
  readonly accountId: string;
  readonly idempotencyKey: string;
  readonly kind: string;
  readonly requestHash: Buffer;
  readonly outcome: StoredOutcome;
}

/** What the database knows when an operation is decided, read under the account's lock. */
export interface Facts {
  readonly account: AccountState;
  /** False for an account that has no row yet: it is empty. */
  readonly isKnown: boolean;
  readonly hold: Hold | undefined;
  readonly recorded: RecordedOperation | undefined;
  /** The database's time. */
  readonly now: Date;
}

/** What to write, all of it or nothing, and what to answer. */
export type Decision<R> =
  | {
      kind: 'apply';
      account: AccountState;
      entries: readonly JournalEntry[];
      openedHold?: Hold;
      endedHold?: Hold;
      record?: RecordedOperation;
      result: R;
    }
  | { kind: 'repeat'; result: R }
  | { kind: 'reject'; rejection: Rejection; record?: RecordedOperation };

/** One operation on one account: what it must know, and how it is decided. */
export interface Operation<R> {
  readonly accountId: string;
  readonly holdId?: string | undefined;
  /** Whether it opens the hold, which is new then unless the operation is a repetition. */
  readonly isOpening?: boolean;
  readonly idempotencyKey?: string | undefined;
  /** Pure: it may run several times, and only the last run counts. */
  readonly decide: (facts: Facts) => Decision<R>;
}

/** The decision that follows from what was posted. */
export function applied<R>(
  posting: Posting,
  result: R,
  changes: { openedHold?: Hold; endedHold?: Hold; record?: RecordedOperation } = {},
): Decision<R> {
  return { kind: 'apply', account: posting.account, entries: posting.entries, result, ...changes };
}

/** The same operation has the same hash, whatever its key. */
export function hashRequest(kind: string, ...content: (string | bigint | undefined)[]): Buffer {
  const text = JSON.stringify([kind, ...content.map((part) => part?.toString() ?? null)]);
  return createHash('sha256').update(text).digest();
}

/** The operation's name in the table of operations. */
export interface KeyedRequest {
  readonly kind: string;
  readonly idempotencyKey: string;
  readonly requestHash: Buffer;
}

/** Records that an operation under a key had this result. */
export function recordResult(accountId: string, request: KeyedRequest, amounts: Amounts): RecordedOperation {
  const result = Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, String(value)]));
  return { accountId, ...request, outcome: { result } };
}

/**
 * Refuses an operation, and records that under its key, so that the key stays refused. An account that is not
 * known keeps no record: it would let anybody fill the table.
 */
export function rejectKeyed(facts: Facts, request: KeyedRequest, rejection: Rejection): Decision<never> {
  if (!facts.isKnown) return { kind: 'reject', rejection };
  const fields = Object.entries(rejection).map(([name, value]: [string, string | bigint | null]) => [
    name,
    value?.toString() ?? null,
  ]);
  const stored = Object.fromEntries(fields) as Record<string, string | null>;
  const outcome = { rejection: { ...stored, code: rejection.code } };
  return { kind: 'reject', rejection, record: { accountId: facts.account.id, ...request, outcome } };
}

/**
 * The first outcome of an operation that was recorded before, or undefined if it is new. Another operation
 * under the same key is refused.
 */
export function replayed<R extends Amounts>(facts: Facts, request: KeyedRequest): Decision<R> | undefined {
  const { recorded } = facts;
  if (!recorded) return undefined;
  if (recorded.kind !== request.kind || !recorded.requestHash.equals(request.requestHash)) {
    return reject({ code: 'idempotency_key_reused', key: request.idempotencyKey });
  }
  const { outcome } = recorded;
  if ('rejection' in outcome) return reject(restoreRejection(outcome.rejection));
  const amounts = Object.entries(outcome.result).map(([name, value]) => [name, BigInt(value)]);
  return { kind: 'repeat', result: Object.fromEntries(amounts) as R };
}

export function reject(rejection: Rejection): Decision<never> {
  return { kind: 'reject', rejection };
}

/** The names in a rejection that are amounts. */
const AMOUNT_FIELDS = new Set(['required', 'available', 'debt', 'settledAmount']);

function restoreRejection(stored: Record<string, string | null>): Rejection {
  const fields = Object.entries(stored).map(([name, value]) => [
    name,
    value !== null && AMOUNT_FIELDS.has(name) ? BigInt(value) : value,
  ]);
  return Object.fromEntries(fields) as Rejection;
}
