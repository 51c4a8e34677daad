import type { MicroCoins } from '../../../shared/money.js';

/** A hold is open and then ends exactly once, in one of the other three. */
export const holdStatuses = ['open', 'settled', 'released', 'expired'] as const;
export type HoldStatus = (typeof holdStatuses)[number];

/** Coins frozen for one purpose. Amounts are micro-coins. */
export interface Hold {
  readonly id: string;
  readonly accountId: string;
  readonly amount: MicroCoins;
  readonly status: HoldStatus;
  /** What the purpose cost; null unless settled. */
  readonly settledAmount: MicroCoins | null;
  /** The part of `settledAmount` that the account could not pay and owes now; null unless settled. */
  readonly debtAmount: MicroCoins | null;
  readonly purpose: string;
  readonly reference: string;
  /** The journal entry that opened it. */
  readonly openedSequence: number;
  /** The journal entry that ended it; null while open. */
  readonly endedSequence: number | null;
  /** When an open hold may be expired, by the database's time. */
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}
