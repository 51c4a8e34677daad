import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type MicroCoins, parseCoins } from '../../shared/money.js';
import { CoinAccountService, holdEnded } from '../coin-account/index.js';
import { conversationConfig } from '../conversation/index.js';
import { chatConfig } from './chat.config.js';
import type { CoinAction } from './domain/outcome.js';

/**
 * How much longer a hold outlives its last renewal than its turn the last sign of life: for the time between two
 * renewals and a slow sweep. So the sweep of a crashed process's turns finds their holds still open.
 */
const HOLD_LEASE_MARGIN_MS = 30_000;
/** What the holds of turns are for. */
export const HOLD_PURPOSE = 'chat';
const RENEWAL_BATCH = 500;

/** The coins of a turn: its hold has the turn's id. */
@Injectable()
export class TurnAccounting {
  private readonly holdLeaseMs: number;

  constructor(
    private readonly coins: CoinAccountService,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
    @Inject(conversationConfig.token) conversation: ConfigOf<typeof conversationConfig>,
  ) {
    this.holdLeaseMs = conversation.turnLeaseMs + HOLD_LEASE_MARGIN_MS;
  }

  /**
   * Freezes the most that the turn can cost. Returns false if this turn's hold was made before and has ended.
   * @throws insufficient_coins and the ledger's other refusals.
   */
  async hold(ownerId: string, turnId: string, amount: MicroCoins): Promise<boolean> {
    const hold = await this.coins.holdCoins({
      accountId: ownerId,
      holdId: turnId,
      amount,
      purpose: HOLD_PURPOSE,
      reference: turnId,
      leaseMs: this.holdLeaseMs,
    });
    return hold.status === 'open';
  }

  /** Keeps the holds of running turns from expiring. */
  async renew(turnIds: readonly string[]): Promise<void> {
    for (let start = 0; start < turnIds.length; start += RENEWAL_BATCH) {
      await this.coins.renewHolds(turnIds.slice(start, start + RENEWAL_BATCH), this.holdLeaseMs);
    }
  }

  /**
   * Ends the turn's hold. If it has ended before, how it ended then stands.
   * @returns what the turn was charged.
   */
  async close(ownerId: string, turnId: string, action: CoinAction): Promise<MicroCoins> {
    try {
      return await this.apply(ownerId, turnId, action);
    } catch (error) {
      if (holdEnded.is(error)) return chargedBefore(error);
      throw error;
    }
  }

  private async apply(accountId: string, turnId: string, action: CoinAction): Promise<MicroCoins> {
    switch (action.kind) {
      case 'settle':
        await this.coins.settleHold({ accountId, holdId: turnId, amount: action.amount, reference: turnId });
        return action.amount;
      case 'release':
        await this.coins.releaseHold({ accountId, holdId: turnId, reason: 'turn_failed' });
        return 0n;
      case 'penalize':
        await this.coins.penalizeViolation({
          accountId,
          holdId: turnId,
          amount: this.config.violationPenalty,
          reference: turnId,
          idempotencyKey: `violation:${turnId}`,
        });
        return 0n;
    }
  }
}

function chargedBefore(error: AppError): MicroCoins {
  const amount = error.details?.['settled_amount'];
  return typeof amount === 'string' ? parseCoins(amount) : 0n;
}
