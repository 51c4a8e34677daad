import { Injectable, Logger } from '@nestjs/common';
import { derivedId } from '../../shared/ids.js';
import type { MicroCoins } from '../../shared/money.js';
import { CoinAccountService, holdEnded } from '../coin-account/index.js';
import type { GraphRun } from './graph-run.repository.js';

/** What the holds of calls are for. */
const HOLD_PURPOSE = 'graph';
/** Longer than a call takes. What a killed process has held is given back then. */
const HOLD_LEASE_MS = 900_000;

/** A call of a model that is paid for by the owner of the file. Its hold has the id that is derived from its place. */
export interface HeldCall {
  readonly holdId: string;
  readonly accountId: string;
  readonly reference: string;
}

/** Charges owners of files for the calls of a model that read these. */
@Injectable()
export class GraphCharges {
  private readonly logger = new Logger('Graph');

  constructor(private readonly coins: CoinAccountService) {}

  /**
   * Freezes the most that a call can cost. A call that costs nothing needs no coins.
   * @param number of the call in its run: the ledger takes each once.
   * @returns undefined if there is nothing to pay
   * @throws insufficient_coins, account_in_debt, account_blocked
   */
  async hold(run: GraphRun, number: number, amount: MicroCoins): Promise<HeldCall | undefined> {
    if (amount === 0n) return undefined;
    const { fileId, ownerId: accountId } = run;
    const holdId = derivedId(fileId, `graph-call:${run.run}:${number}`);
    const call = { holdId, accountId, reference: fileId };
    await this.coins.holdCoins({ ...call, amount, purpose: HOLD_PURPOSE, leaseMs: HOLD_LEASE_MS });
    return call;
  }

  /** Charges what a call has cost; gives all back if that is nothing. A hold that has expired is not charged any more. */
  async settle(call: HeldCall, cost: MicroCoins): Promise<void> {
    try {
      if (cost === 0n) await this.coins.releaseHold({ ...call, reason: 'call_failed' });
      else await this.coins.settleHold({ ...call, amount: cost });
    } catch (error) {
      if (!holdEnded.is(error)) throw error;
      this.logger.warn('a call took longer than its hold, and is not charged', { file_id: call.reference });
    }
  }
}
