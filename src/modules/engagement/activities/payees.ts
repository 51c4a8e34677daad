import { Injectable } from '@nestjs/common';
import { parseCoins } from '../../../shared/money.js';
import { CoinHistoryService } from '../../coin-account/index.js';
import type { Reward, Rule } from './activity-rule.dto.js';
import type { Activity } from './activity.repository.js';
import { type Participant, ParticipantRepository } from './participant.repository.js';
import type { NewPayout } from './payout.repository.js';

/** As many accounts as the coin history sums up at once. */
const PAGE_SIZE = 100;

/** Some payees; and the participant up to whom all were looked at, undefined if there are no more. */
interface PayeePage {
  payouts: NewPayout[];
  countedTo: string | undefined;
}

/** Finds who is to be rewarded by an activity's rule, page by page. */
@Injectable()
export class Payees {
  constructor(
    private readonly participants: ParticipantRepository,
    private readonly coinHistory: CoinHistoryService,
  ) {}

  /** The payees among the participants after `activity.countedTo`. */
  async nextPage(activity: Activity): Promise<PayeePage> {
    const { id, rule, countedTo } = activity;
    if (rule.kind === 'top_by_points') return { payouts: await this.topOf(id, rule), countedTo: undefined };
    const page = await this.participants.listById(id, countedTo, PAGE_SIZE);
    const payees = await this.select(activity, rule, page);
    return {
      payouts: payees.map(({ userId }) => toPayout(id, userId, rule.reward, null)),
      countedTo: page.length < PAGE_SIZE ? undefined : page.at(-1)?.userId,
    };
  }

  /** What participants were charged while they took part: since they joined, from the start to the end. */
  spentBy(activity: Activity, participants: readonly Participant[]): Promise<Map<string, bigint>> {
    return this.coinHistory.spentBy(
      participants.map(({ userId, coinsFrom }) => ({ accountId: userId, afterSequence: coinsFrom })),
      { from: activity.startsAt, to: activity.endsAt },
    );
  }

  private async select(
    activity: Activity,
    rule: Exclude<Rule, { kind: 'top_by_points' }>,
    page: Participant[],
  ): Promise<Participant[]> {
    switch (rule.kind) {
      case 'everyone':
        return page;
      case 'points_earned':
        return page.filter(({ points }) => points >= rule.at_least);
      case 'coins_spent': {
        const spent = await this.spentBy(activity, page);
        const needed = parseCoins(rule.at_least);
        return page.filter(({ userId }) => (spent.get(userId) ?? 0n) >= needed);
      }
    }
  }

  private async topOf(activityId: string, rule: Extract<Rule, { kind: 'top_by_points' }>) {
    const top = await this.participants.listByPoints(activityId, undefined, rule.rewards.length);
    return top.flatMap(({ userId, points }, index) => {
      const reward = rule.rewards[index];
      return reward && points > 0 ? [toPayout(activityId, userId, reward, index + 1)] : [];
    });
  }
}

function toPayout(activityId: string, userId: string, reward: Reward, place: number | null): NewPayout {
  return reward.kind === 'coins'
    ? { activityId, userId, kind: 'coins', amount: parseCoins(reward.amount), validDays: null, place }
    : {
        activityId,
        userId,
        kind: 'points',
        amount: BigInt(reward.points),
        validDays: reward.valid_days,
        place,
      };
}
