import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { MicroCoins } from '../../shared/money.js';
import { CoinAccountService } from '../coin-account/index.js';

/** How the coins of a row stand: yet to be given, given, or refused by the account for good. */
export const grantStates = ['pending', 'granted', 'refused'] as const;
export type GrantState = (typeof grantStates)[number];

/** How long what was left pending is left to the request that made it; then a periodic task completes it. */
export const PENDING_LEASE_SECONDS = 60;

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
  async give(reward: {
    id: string;
    accountId: string;
    amount: MicroCoins;
    reason: 'coupon' | 'invitation' | 'points' | 'activity';
  }): Promise<Exclude<GrantState, 'pending'>> {
    const { id, accountId, amount, reason } = reward;
    if (amount === 0n) return 'granted';
    try {
      await this.coinAccounts.grantCoins({ accountId, amount, reason, actor: 'system', idempotencyKey: id });
      return 'granted';
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
      this.logger.error('coins were refused', error, { account_id: accountId, id, reason, code: error.code });
      return 'refused';
    }
  }
}
