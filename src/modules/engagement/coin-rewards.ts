import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { MicroCoins } from '../../shared/money.js';
import { CoinAccountService } from '../coin-account/index.js';

/** How the coins of a row stand: yet to be given, given, or refused by the account for good. */
export const grantStates = ['pending', 'granted', 'refused'] as const;
export type GrantState = (typeof grantStates)[number];

/** How long what was left pending is left to the request that made it; then a periodic task completes it. */
export const PENDING_LEASE_SECONDS = 60;

export interface CoinReward {
  /** Of the row that promises it. */
  readonly id: string;
  readonly accountId: string;
  readonly amount: MicroCoins;
  readonly reason: 'coupon' | 'invitation' | 'points' | 'activity';
}

type Outcome = Exclude<GrantState, 'pending'>;

/** Gives the coins that rows of this module promise. */
@Injectable()
export class CoinRewards {
  private readonly logger = new Logger('Engagement');

  constructor(private readonly coinAccounts: CoinAccountService) {}

  /**
   * Gives coins under the id of the row that promises them: however often it is called, once. None are given for zero.
   * @returns `refused` if the account cannot take them, ever (its balance would overflow).
   * @throws what may pass, such as a database that is away: call again.
   */
  async give(reward: CoinReward): Promise<Outcome> {
    if (reward.amount === 0n) return 'granted';
    try {
      await this.coinAccounts.grantCoins(toGrant(reward));
      return 'granted';
    } catch (error) {
      return this.outcomeOf(reward, error);
    }
  }

  /** The same for many, together. @returns what became of each, in their order; where it may pass, the error. */
  async giveAll(rewards: readonly CoinReward[]): Promise<PromiseSettledResult<Outcome>[]> {
    const given = rewards.filter(({ amount }) => amount > 0n);
    const results = await this.coinAccounts.grantAll(given.map(toGrant));
    const outcomes = new Map(given.map(({ id }, index) => [id, results[index]]));
    return Promise.allSettled(
      rewards.map(async (reward) => {
        const result = outcomes.get(reward.id);
        return result?.status === 'rejected' ? this.outcomeOf(reward, result.reason) : 'granted';
      }),
    );
  }

  private outcomeOf({ id, accountId, reason }: CoinReward, error: unknown): 'refused' {
    if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
    this.logger.error('coins were refused', error, { account_id: accountId, id, reason, code: error.code });
    return 'refused';
  }
}

function toGrant({ id, accountId, amount, reason }: CoinReward) {
  return { accountId, amount, reason, actor: 'system', idempotencyKey: id };
}
