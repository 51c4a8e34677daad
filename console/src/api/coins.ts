/** Coins are decimal strings with six digits after the point; they are never made numbers. */

export interface CoinAccount {
  account_id: string;
  balance: string;
  available: string;
  frozen: string;
  debt: string;
  is_blocked: boolean;
}

export type EntryKind =
  | 'grant'
  | 'debt_payment'
  | 'hold'
  | 'settle'
  | 'release'
  | 'expire'
  | 'penalty'
  | 'block'
  | 'unblock';

export interface JournalEntry {
  sequence: number;
  kind: EntryKind;
  balance_delta: string;
  frozen_delta: string;
  debt_delta: string;
  balance_after: string;
  frozen_after: string;
  debt_after: string;
  hold_id: string | null;
  reference: string | null;
  reason: string | null;
  note: string | null;
  created_at: string;
  /** Only told to operators: a user's id, or `system`. */
  actor?: string;
}

export type HoldStatus = 'open' | 'settled' | 'released' | 'expired';

export interface Hold {
  id: string;
  status: HoldStatus;
  amount: string;
  settled_amount: string | null;
  debt_amount: string | null;
  purpose: string;
  reference: string;
  created_at: string;
  expires_at: string;
  ended_at: string | null;
}

const DIGITS = 6;

/** `a` less `b`, exactly. */
export function subtractCoins(a: string, b: string): string {
  return formatMicroCoins(microCoins(a) - microCoins(b));
}

/** Whether an amount is zero. */
export function isZeroCoins(value: string): boolean {
  return microCoins(value) === 0n;
}

function microCoins(value: string): bigint {
  const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
  const amount = BigInt(whole + fraction.padEnd(DIGITS, '0').slice(0, DIGITS));
  return value.startsWith('-') ? -amount : amount;
}

function formatMicroCoins(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DIGITS + 1, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`;
}
