import { v7 } from 'uuid';
import type { openServices } from '../lib/built-services.ts';

/** What every hold of the benchmark freezes, in micro-coins. */
export const HOLD_MICRO_COINS = 1_000n;
export const HOLD_PURPOSE = 'benchmark';
export const HOLD_LEASE_MS = 3_600_000;

/** One way to freeze coins. */
export interface HoldWriter {
  /** Freezes `HOLD_MICRO_COINS` under a new id. When it returns, that is committed; when it throws, it is not. */
  hold(accountId: string): Promise<void>;
  close(): Promise<void>;
}

/** The product's own way, without HTTP. Closed, it closes the services. */
export function serviceHolds({ coins, close }: Awaited<ReturnType<typeof openServices>>): HoldWriter {
  return {
    hold: async (accountId) => {
      const holdId = newHoldId();
      await coins.holdCoins({
        accountId,
        holdId,
        amount: HOLD_MICRO_COINS,
        purpose: HOLD_PURPOSE,
        reference: holdId,
        leaseMs: HOLD_LEASE_MS,
      });
    },
    close,
  };
}

/** An id as the product makes them: later ones sort later. */
export function newHoldId(): string {
  return v7();
}
