import { Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { inBatches } from '../../../platform/schedule/index.js';
import { derivedId } from '../../../shared/ids.js';
import { type CoinReward, CoinRewards, type GrantState } from '../coin-rewards.js';
import { tooManyPoints } from '../engagement.errors.js';
import { forEachOf } from '../left-pending.js';
import { PointService } from '../points/point.service.js';
import { type Activity, ActivityRepository } from './activity.repository.js';
import { Payees } from './payees.js';
import { type Payout, PayoutRepository } from './payout.repository.js';

const PAYOUT_BATCH_SIZE = 100;
const PAYOUTS_AT_ONCE = 8;
/** After so many activities that could not be ended the run is given up. */
const MAX_FAILURES = 20;

/** What a run did: activities that ended, rewards that were paid, and refused by their accounts. */
type Ended = { ended: number; paid: number; refused: number };

/**
 * Ends activities: writes the payees down, page by page, then pays them, then says that it is done. Each step is
 * written where the next run finds it, and has an id or a condition, so that runs may break off anywhere, or be two.
 */
@Injectable()
export class ActivityEnding {
  private readonly logger = new Logger('Engagement');

  constructor(
    private readonly transactions: Transactions,
    private readonly repository: ActivityRepository,
    private readonly payees: Payees,
    private readonly payouts: PayoutRepository,
    private readonly rewards: CoinRewards,
    private readonly points: PointService,
  ) {}

  /**
   * Ends all activities whose time is up. One that cannot be ended does not keep the others from it.
   * @throws the first error, at the end
   */
  async endDue(signal: AbortSignal): Promise<Ended> {
    const done = { ended: 0, paid: 0, refused: 0 };
    const failures = new Map<string, unknown>();
    while (!signal.aborted && failures.size < MAX_FAILURES) {
      const activity = await this.repository.findDue([...failures.keys()]);
      if (!activity) break;
      try {
        await this.end(activity, signal, done);
      } catch (error) {
        this.logger.error('an activity could not be ended', error as Error, { activity_id: activity.id });
        failures.set(activity.id, error);
      }
    }
    for (const error of failures.values()) throw error;
    return done;
  }

  /** Does what is left to do, from wherever it stands. */
  private async end(found: Activity, signal: AbortSignal, done: Ended): Promise<void> {
    let activity: Activity | undefined = found;
    while (activity && !signal.aborted) {
      const { id, state, countedTo }: Activity = activity;
      if (state === 'open') await this.repository.advance(id, activity, { state: 'counting', countedTo });
      else if (state === 'counting') await this.count(activity);
      else if (state === 'paying') {
        await this.pay(activity, signal, done);
        if (signal.aborted) return;
        if (await this.repository.advance(id, activity, { state: 'ended', countedTo })) done.ended++;
      } else return;
      activity = await this.repository.findById(id);
    }
  }

  /** Writes one page of payees down, and how far that is. */
  private async count(activity: Activity): Promise<void> {
    const { payouts, countedTo } = await this.payees.nextPage(activity);
    const next =
      countedTo === undefined
        ? ({ state: 'paying', countedTo: activity.countedTo } as const)
        : ({ state: 'counting', countedTo } as const);
    await this.transactions.run(async (transaction) => {
      await this.payouts.insert(transaction, payouts);
      await this.repository.advance(activity.id, activity, next, transaction);
    });
  }

  private async pay({ id }: Activity, signal: AbortSignal, done: Ended): Promise<void> {
    await inBatches(signal, PAYOUT_BATCH_SIZE, async (size) => {
      const pending = await this.payouts.listPending(id, size);
      const outcomes = new Map<string, GrantState>();
      try {
        await this.payAll(pending, (userId, outcome) => outcomes.set(userId, outcome));
      } finally {
        // Also those that were paid before one failed; the next run need not find out about them again.
        const usersOf = (state: GrantState) =>
          [...outcomes].filter(([, outcome]) => outcome === state).map(([userId]) => userId);
        done.paid += await this.payouts.finish(id, usersOf('granted'), 'granted');
        done.refused += await this.payouts.finish(id, usersOf('refused'), 'refused');
      }
      return { found: pending.length };
    });
  }

  /** Coins together, points at a time each. @throws the first error, once all were tried. */
  private async payAll(
    pending: readonly Payout[],
    note: (userId: string, outcome: GrantState) => void,
  ): Promise<void> {
    const inCoins = pending.filter(({ kind }) => kind === 'coins');
    const given = await this.rewards.giveAll(inCoins.map(toCoinReward));
    for (const [index, result] of given.entries()) {
      const userId = inCoins[index]?.userId;
      if (userId !== undefined && result.status === 'fulfilled') note(userId, result.value);
    }
    const inPoints = pending.filter(({ kind }) => kind === 'points');
    await forEachOf(inPoints, PAYOUTS_AT_ONCE, async (payout) => {
      note(payout.userId, await this.payPoints(payout));
    });
    for (const result of given) if (result.status === 'rejected') throw result.reason;
  }

  private async payPoints(payout: Payout): Promise<GrantState> {
    const { userId, amount, validDays } = payout;
    const lot = { userId, points: Number(amount), validDays: validDays ?? 0, reason: 'activity' };
    try {
      await this.points.earnPoints({ ...lot, id: payoutId(payout) });
      return 'granted';
    } catch (error) {
      if (tooManyPoints.is(error)) return 'refused';
      throw error;
    }
  }
}

function toCoinReward(payout: Payout): CoinReward {
  return { id: payoutId(payout), accountId: payout.userId, amount: payout.amount, reason: 'activity' };
}

/** Under which a payout moves coins or points, once. */
function payoutId({ activityId, userId }: Payout): string {
  return derivedId(activityId, `payout:${userId}`);
}
