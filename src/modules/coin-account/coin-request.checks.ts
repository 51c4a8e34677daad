import { idempotencyKeyInvalid, invalidRequest } from '../../platform/errors/index.js';
import { idSchema } from '../../shared/ids.js';
import { MAX_MICRO_COINS, type MicroCoins } from '../../shared/money.js';
import { amountNegative, amountTooLarge } from './coin-account.errors.js';
import { HOLD_KEY_PREFIX } from './domain/ledger.js';

/** What is wrong with a request is said before anything is done. */

const MAX_KEY_LENGTH = 255;
const PRINTABLE_ASCII = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
/** Chat turns hold for minutes; what a user is promised for work that others do is held for months. */
const MAX_LEASE_MS = 400 * 24 * 3_600_000;
const MAX_NOTE_LENGTH = 500;

export function checkAmount(amount: MicroCoins): void {
  if (typeof amount !== 'bigint') throw new TypeError('An amount of coins is a bigint of micro-coins.');
  if (amount < 0n) throw amountNegative();
  if (amount > MAX_MICRO_COINS) throw amountTooLarge();
}

export function checkId(param: string, id: string): string {
  if (idSchema.safeParse(id).data !== id) {
    throw invalidRequest({ param, detail: `${param} must be a UUID in lower case.` });
  }
  return id;
}

export function checkKey(key: string): string {
  const isFit = key.length <= MAX_KEY_LENGTH && PRINTABLE_ASCII.test(key);
  if (!isFit || key.startsWith(HOLD_KEY_PREFIX)) throw idempotencyKeyInvalid();
  return key;
}

export function checkText(param: string, text: string, maxLength: number): void {
  if (text.length > maxLength || !PRINTABLE_ASCII.test(text)) {
    throw invalidRequest({ param, detail: `${param} must be 1 to ${maxLength} printable ASCII characters.` });
  }
}

/** A text for people, kept as it is but for halves of characters, which UTF-8 cannot hold. */
export function checkNote(note: string): string {
  if (note.length > MAX_NOTE_LENGTH) throw invalidRequest({ param: 'note' });
  return note.toWellFormed();
}

export function checkLease(leaseMs: number): void {
  if (!Number.isSafeInteger(leaseMs) || leaseMs < 1 || leaseMs > MAX_LEASE_MS) {
    throw invalidRequest({
      param: 'lease_ms',
      detail: `lease_ms must be a whole number from 1 to ${MAX_LEASE_MS}.`,
    });
  }
}
