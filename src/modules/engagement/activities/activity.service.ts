import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { Clock } from '../../../shared/clock.js';
import { newId } from '../../../shared/ids.js';
import type { MicroCoins } from '../../../shared/money.js';
import { AuditLog } from '../../audit/index.js';
import { CoinHistoryService } from '../../coin-account/index.js';
import { activityNotFound, activityOver, notParticipating, tooManyActivities } from '../engagement.errors.js';
import { type Activity, ActivityRepository, type NewActivity } from './activity.repository.js';
import { type Participant, ParticipantRepository } from './participant.repository.js';
import { Payees } from './payees.js';

/** How many can be open at once: what is earned is counted in each that the user takes part in. */
const MAX_OPEN = 100;
/** Places are counted up to this one. */
const MAX_PLACE = 10_000;

/** How a participant stands. */
export interface Standing {
  participant: Participant;
  /** From 1; undefined beyond the 10,000th, and without points. */
  place: number | undefined;
  /** What was charged while taking part; undefined unless the rule asks for it. */
  spent: MicroCoins | undefined;
}

/** Activities: operators make and cancel them, users take part. */
@Injectable()
export class ActivityService {
  constructor(
    private readonly repository: ActivityRepository,
    private readonly participants: ParticipantRepository,
    private readonly payees: Payees,
    private readonly coinHistory: CoinHistoryService,
    private readonly transactions: Transactions,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** @throws `too_many_activities` */
  async createActivity(
    operatorId: string,
    request: Pick<NewActivity, 'title' | 'rule' | 'startsAt' | 'endsAt'>,
  ): Promise<Activity> {
    if ((await this.repository.countOpen()) >= MAX_OPEN) throw tooManyActivities();
    const createdAt = new Date(this.clock.nowMs());
    const activity = { ...request, id: newId(), createdBy: operatorId, createdAt };
    await this.transactions.run(async (transaction) => {
      await this.repository.insert(transaction, activity);
      const actor = { kind: 'operator', id: operatorId } as const;
      const detail = { rule: request.rule.kind };
      await this.audit.record(
        { actor, action: 'activity.created', subjectKind: 'activity', subjectId: activity.id, detail },
        transaction,
      );
    });
    return { ...activity, state: 'open', countedTo: '', endedAt: null };
  }

  /**
   * Ends an open activity without any reward. Doing so again changes nothing.
   * @throws `activity_not_found`; `activity_over` once its rewards are being worked out
   */
  async cancelActivity(operatorId: string, id: string): Promise<Activity> {
    await this.transactions.run(async (transaction) => {
      const open = { state: 'open', countedTo: '' } as const;
      if (!(await this.repository.advance(id, open, { ...open, state: 'cancelled' }, transaction))) return;
      const actor = { kind: 'operator', id: operatorId } as const;
      await this.audit.record(
        { actor, action: 'activity.cancelled', subjectKind: 'activity', subjectId: id },
        transaction,
      );
    });
    const activity = await this.findActivity(id);
    if (activity.state !== 'cancelled') throw activityOver();
    return activity;
  }

  /** @throws `activity_not_found` */
  async findActivity(id: string): Promise<Activity> {
    const activity = await this.repository.findById(id);
    if (!activity) throw activityNotFound();
    return activity;
  }

  /** Lets a user take part, also before the start. Doing so again changes nothing. @throws `activity_not_found`, `activity_over` */
  async join(activityId: string, userId: string): Promise<Standing> {
    const activity = await this.findActivity(activityId);
    const coinsFrom = await this.coinHistory.lastSequenceOf(userId);
    await this.participants.insert(activityId, { userId, seatId: newId(), coinsFrom });
    const participant = await this.participants.find(activityId, userId);
    if (!participant) throw activityOver();
    return this.standing(activity, participant);
  }

  /** @throws `activity_not_found`, `not_participating` */
  async standingOf(activityId: string, userId: string): Promise<Standing> {
    const activity = await this.findActivity(activityId);
    const participant = await this.participants.find(activityId, userId);
    if (!participant) throw notParticipating();
    return this.standing(activity, participant);
  }

  private async standing(activity: Activity, participant: Participant): Promise<Standing> {
    const before = await this.participants.countBefore(activity.id, participant, MAX_PLACE);
    const isPlaced = participant.points > 0 && before < MAX_PLACE;
    const asksForCoins = activity.rule.kind === 'coins_spent';
    const spent = asksForCoins ? await this.payees.spentBy(activity, [participant]) : undefined;
    return {
      participant,
      place: isPlaced ? before + 1 : undefined,
      spent: spent && (spent.get(participant.userId) ?? 0n),
    };
  }
}
