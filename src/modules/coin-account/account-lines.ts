import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { isServerRefusal } from '../../platform/database/index.js';
import { coinAccountConfig } from './coin-account.config.js';
import { accountBusy } from './coin-account.errors.js';
import { CoinMetrics } from './coin-metrics.js';
import { CoinAccountRepository } from './coin-account.repository.js';
import type { Decision, Operation } from './domain/decision.js';
import type { Outcome } from './domain/operation-group.js';

interface Waiting {
  readonly operation: Operation<unknown>;
  readonly signal: AbortSignal | undefined;
  readonly since: number;
  readonly resolve: (decision: Decision<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One line of operations for each account that has any, in this process. While a group is being committed the
 * next ones gather, and are then committed together: one lock, one commit for all of them. Accounts do not wait
 * for each other, but for a database connection.
 */
@Injectable()
export class AccountLines {
  private readonly lines = new Map<string, Waiting[]>();

  constructor(
    private readonly repository: CoinAccountRepository,
    @Inject(coinAccountConfig.token) private readonly config: ConfigOf<typeof coinAccountConfig>,
    private readonly metrics: CoinMetrics,
  ) {}

  /**
   * Runs an operation after those of its account that came before it. Returns once it is committed.
   * @param signal takes the operation out of the line, as long as its group has not begun.
   * @throws account_busy if too many wait already.
   */
  execute<R>(operation: Operation<R>, signal?: AbortSignal): Promise<Decision<R>> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        operation,
        signal,
        since: performance.now(),
        // An operation's decision is of the operation's own kind.
        resolve: resolve as (decision: Decision<unknown>) => void,
        reject,
      };
      const line = this.lines.get(operation.accountId);
      if (!line) {
        this.lines.set(operation.accountId, [waiting]);
        void this.serve(operation.accountId);
      } else if (line.length >= this.config.maxWaiting) {
        reject(accountBusy({ retryAfterSeconds: 1 }));
      } else {
        line.push(waiting);
      }
    });
  }

  private async serve(accountId: string): Promise<void> {
    for (let line = this.lines.get(accountId); line?.length; line = this.lines.get(accountId)) {
      const group = line.splice(0, this.config.groupSize).filter((waiting) => !isWithdrawn(waiting));
      if (group.length > 0) await this.commit(accountId, group);
      // Whoever was just answered, or has just arrived, gets to the line before the next group is taken from it.
      // Otherwise a few that came a little early are committed alone, while all others wait for them.
      await setImmediate();
    }
    this.lines.delete(accountId);
  }

  private async commit(accountId: string, group: readonly Waiting[]): Promise<void> {
    this.metrics.begun(group.map(({ since }) => since));
    try {
      const outcomes = await this.repository.executeGroup(
        accountId,
        group.map((waiting) => waiting.operation),
      );
      for (const [index, waiting] of group.entries()) answer(waiting, outcomes[index]);
      this.metrics.committed(outcomes);
    } catch (error) {
      // Something in it the database does not take: one by one, so that only that one fails.
      if (group.length > 1 && isServerRefusal(error)) {
        for (const waiting of group) await this.commit(accountId, [waiting]);
      } else {
        for (const waiting of group) waiting.reject(error);
        this.metrics.failed(group.length);
      }
    }
  }
}

function isWithdrawn({ signal, reject }: Waiting): boolean {
  if (!signal?.aborted) return false;
  reject(signal.reason);
  return true;
}

function answer(waiting: Waiting, outcome: Outcome | undefined): void {
  if (outcome && 'decision' in outcome) waiting.resolve(outcome.decision);
  else waiting.reject(outcome?.thrown ?? new Error('An operation of a group has no outcome.'));
}
