import { Injectable } from '@nestjs/common';
import { isServerRefusal } from '../../platform/database/index.js';
import { AccountLines } from './account-lines.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import type { Decision, Operation } from './domain/decision.js';

/** Of so many operations one transaction is made: their accounts are locked for some ten milliseconds. */
const MAX_TOGETHER = 200;

/**
 * Operations on many accounts, each once or often, committed together: as many in one transaction as may be. What one
 * account alone is asked for goes through its line.
 */
@Injectable()
export class JointOperations {
  constructor(
    private readonly repository: CoinAccountRepository,
    private readonly lines: AccountLines,
  ) {}

  /**
   * Runs operations in the order given, each on what the one before left. One that fails leaves the others as they are.
   * @returns what became of each, in their order.
   * @throws if the database cannot be asked; those that were committed before stay so.
   */
  async execute<R>(operations: readonly Operation<R>[]): Promise<PromiseSettledResult<Decision<R>>[]> {
    const results: PromiseSettledResult<Decision<R>>[] = [];
    for (let start = 0; start < operations.length; start += MAX_TOGETHER) {
      results.push(...(await this.executeSome(operations.slice(start, start + MAX_TOGETHER))));
    }
    return results;
  }

  private async executeSome<R>(
    operations: readonly Operation<R>[],
  ): Promise<PromiseSettledResult<Decision<R>>[]> {
    try {
      const outcomes = await this.repository.executeJointly(operations);
      return outcomes.map((outcome) =>
        'decision' in outcome
          ? // An operation's decision is of the operation's own kind.
            { status: 'fulfilled', value: outcome.decision as Decision<R> }
          : { status: 'rejected', reason: outcome.thrown },
      );
    } catch (error) {
      if (!isServerRefusal(error)) throw error;
      // Something in it the database does not take: one by one, so that only that one fails.
      return this.executeSingly(operations);
    }
  }

  private async executeSingly<R>(
    operations: readonly Operation<R>[],
  ): Promise<PromiseSettledResult<Decision<R>>[]> {
    const results: PromiseSettledResult<Decision<R>>[] = [];
    for (const operation of operations) {
      results.push(...(await Promise.allSettled([this.lines.execute(operation)])));
    }
    return results;
  }
}
