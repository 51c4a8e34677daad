import type { MicroCoins } from '../../../shared/money.js';

/**
 * Where an errand stands. `posting`: its reward is being held. `settling`: what it pays is fixed, and the coins are
 * being moved. `completed` (something was paid) and `cancelled` (nothing was) are final.
 */
export const errandStates = [
  'posting',
  'open',
  'accepted',
  'delivered',
  'disputed',
  'settling',
  'completed',
  'cancelled',
] as const;
export type ErrandState = (typeof errandStates)[number];

/** The states in which an errand counts against its poster's limit. */
export const activeStates: readonly ErrandState[] = ['posting', 'open', 'accepted', 'delivered', 'disputed'];

/** Why an errand ended as it did; fixed together with its payment. */
export const errandOutcomes = [
  'confirmed',
  'auto_confirmed',
  'decided',
  'cancelled_by_poster',
  'expired',
  'not_delivered',
  'poster_erased',
  'expert_erased',
  'hold_lost',
] as const;
export type ErrandOutcome = (typeof errandOutcomes)[number];

/** Work that one user pays another for, in HTTP paths called a task. Amounts are micro-coins. */
export interface Errand {
  readonly id: string;
  readonly posterId: string;
  /** Who accepted it. */
  readonly expertId: string | null;
  readonly state: ErrandState;
  /** Null until it settles. */
  readonly outcome: ErrandOutcome | null;
  readonly title: string;
  readonly description: string;
  readonly reward: MicroCoins;
  /** What the expert gets of the reward; null until it settles. */
  readonly payment: MicroCoins | null;
  readonly deadlineAt: Date;
  /** When something happens to it by itself; null at the end. */
  readonly dueAt: Date | null;
  readonly disputeReason: string | null;
  readonly decisionNote: string | null;
  readonly createdAt: Date;
  readonly acceptedAt: Date | null;
  readonly deliveredAt: Date | null;
  readonly disputedAt: Date | null;
  readonly endedAt: Date | null;
}

/** What is needed to move the coins of an errand that settles. */
export type SettlingErrand = Pick<Errand, 'id' | 'posterId' | 'expertId'> & { readonly payment: MicroCoins };

/** Whether a user may see an errand: an open one is everybody's, any other its two parties'. */
export function isVisibleTo(userId: string, errand: Errand): boolean {
  if (errand.state === 'posting') return false;
  return errand.state === 'open' || errand.posterId === userId || errand.expertId === userId;
}
