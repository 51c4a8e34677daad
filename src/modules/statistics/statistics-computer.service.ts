import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { Clock } from '../../shared/clock.js';
import { UserErasure } from '../auth/index.js';
import { CoinActivity } from '../coin-account/index.js';
import { ConversationActivity } from '../conversation/index.js';
import { MarketplaceActivity } from '../marketplace/index.js';
import { type Claim, StatisticsDueRepository } from './statistics-due.repository.js';
import { type UserStatistics, UserStatisticsRepository } from './user-statistics.repository.js';

type TotalsOf<A extends { totalsOf: (...args: never[]) => Promise<Map<string, unknown>> }> =
  Awaited<ReturnType<A['totalsOf']>> extends Map<string, infer T> ? T : never;
type CoinTotals = Awaited<ReturnType<CoinActivity['totalsAfter']>> extends Map<string, infer T> ? T : never;

/** All that the sources say of one user. */
interface Totals {
  before: UserStatistics | undefined;
  errands: TotalsOf<MarketplaceActivity> | undefined;
  conversations: TotalsOf<ConversationActivity> | undefined;
  coins: CoinTotals | undefined;
}

/**
 * Computes the statistics of users that are due. Counts are taken anew; of the coin journal, which never changes, only
 * the entries since the last time are added. A user whose claim was lost meanwhile is left to who has it.
 */
@Injectable()
export class StatisticsComputer {
  constructor(
    private readonly transactions: Transactions,
    private readonly due: StatisticsDueRepository,
    private readonly statistics: UserStatisticsRepository,
    private readonly users: UserErasure,
    private readonly coins: CoinActivity,
    private readonly conversations: ConversationActivity,
    private readonly marketplace: MarketplaceActivity,
    private readonly clock: Clock,
  ) {}

  /** Computes those of these users whom nobody else computes. @returns how many were written. */
  async computeSome(userIds: readonly string[]): Promise<number> {
    const claim = await this.due.claim(userIds);
    if (claim.userIds.length === 0) return 0;
    const computed = await this.compute(claim.userIds);
    // What is left of an erased user is nobody's.
    for (const id of await this.users.findErased(claim.userIds)) computed.delete(id);
    return this.write(claim, computed);
  }

  private async compute(userIds: readonly string[]): Promise<Map<string, UserStatistics>> {
    const before = await this.statistics.find(userIds);
    const sequences = new Map(userIds.map((id) => [id, before.get(id)?.journalSequence ?? 0]));
    const [errands, conversations, coins] = await Promise.all([
      this.marketplace.totalsOf(userIds),
      this.conversations.totalsOf(userIds),
      this.coins.totalsAfter(sequences),
    ]);
    const computedAt = new Date(this.clock.nowMs());
    return new Map(
      userIds.map((id) => [
        id,
        toStatistics(id, computedAt, {
          before: before.get(id),
          errands: errands.get(id),
          conversations: conversations.get(id),
          coins: coins.get(id),
        }),
      ]),
    );
  }

  private async write(claim: Claim, computed: ReadonlyMap<string, UserStatistics>): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const claimed = await this.due.lockClaimed(transaction, claim);
      const written = claimed.flatMap((id) => computed.get(id) ?? []);
      await this.statistics.save(transaction, written);
      await this.due.delete(transaction, claimed);
      return written.length;
    });
  }
}

function toStatistics(
  userId: string,
  computedAt: Date,
  { before, errands, conversations, coins }: Totals,
): UserStatistics {
  return {
    userId,
    tasksPosted: errands?.posted ?? 0,
    tasksCompleted: errands?.completed ?? 0,
    tasksCancelled: errands?.cancelled ?? 0,
    tasksDone: errands?.done ?? 0,
    coinsEarned: errands?.earned ?? 0n,
    coinsSpent: (before?.coinsSpent ?? 0n) + (coins?.spent ?? 0n),
    coinsReceived: (before?.coinsReceived ?? 0n) + (coins?.received ?? 0n),
    conversations: conversations?.conversations ?? 0,
    turns: conversations?.turns ?? 0,
    lastActivityAt: latest([before?.lastActivityAt, errands?.lastChangeAt, conversations?.lastTurnAt]),
    journalSequence: coins?.lastSequence ?? before?.journalSequence ?? 0,
    computedAt,
  };
}

function latest(times: readonly (Date | null | undefined)[]): Date | null {
  const known = times.flatMap((time) => (time ? [time.getTime()] : []));
  return known.length === 0 ? null : new Date(Math.max(...known));
}
