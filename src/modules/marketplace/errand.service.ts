import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { Transactions } from '../../platform/database/index.js';
import { type Errand, isVisibleTo, type SettlingErrand } from './domain/errand.js';
import { ErrandRepository } from './errand.repository.js';
import { ErrandSettlement } from './errand-settlement.service.js';
import { ErrandTransitionRepository } from './errand-transition.repository.js';
import { ExpertRepository } from './expert.repository.js';
import { marketplaceConfig } from './marketplace.config.js';
import {
  errandInOtherState,
  errandIsOwn,
  errandLimitReached,
  errandNotFound,
  errandOverdue,
  expertProfileMissing,
} from './marketplace.errors.js';

/**
 * What the two parties do with an errand. Each step is taken once, whoever calls how often: the database changes the
 * state only if it is what the step begins with. Who repeats his own step gets the errand as it stands.
 */
@Injectable()
export class ErrandService {
  constructor(
    private readonly transactions: Transactions,
    private readonly errands: ErrandRepository,
    private readonly transitions: ErrandTransitionRepository,
    private readonly experts: ExpertRepository,
    private readonly settlement: ErrandSettlement,
    @Inject(marketplaceConfig.token) private readonly config: ConfigOf<typeof marketplaceConfig>,
  ) {}

  /** @throws `errand_not_found`, also if it is not the user's to see */
  async getErrand(userId: string, id: string): Promise<Errand> {
    const errand = await this.errands.findById(id);
    if (!errand || !isVisibleTo(userId, errand)) throw errandNotFound();
    return errand;
  }

  /** What was delivered, for a party of the errand; null for others, and before. */
  async readDelivery(userId: string, errand: Errand): Promise<string | null> {
    const isParty = errand.posterId === userId || errand.expertId === userId;
    return isParty && errand.deliveredAt ? this.errands.findDelivery(errand.id) : null;
  }

  /**
   * An expert takes an open errand; of several at once one gets it.
   * @throws `expert_profile_missing`, `errand_limit_reached`, `errand_is_own`, `errand_overdue`,
   *   `errand_in_other_state`, `errand_not_found`
   */
  async acceptErrand(expertId: string, id: string): Promise<Errand> {
    const { maxAccepted: limit, deliveryGraceHours } = this.config;
    const before = await this.errands.findById(id);
    if (before?.state === 'accepted' && before.expertId === expertId) return before;
    const isAccepted = await this.transactions.run(async (transaction) => {
      if (!(await this.experts.lock(transaction, expertId))) throw expertProfileMissing();
      if ((await this.transitions.countAccepted(transaction, expertId, limit)) >= limit) {
        throw errandLimitReached({ details: { limit } });
      }
      return this.transitions.accept(transaction, id, expertId, deliveryGraceHours);
    });
    const errand = await this.errands.findById(id);
    if (!errand || errand.state === 'posting') throw errandNotFound();
    if (isAccepted || (errand.state === 'accepted' && errand.expertId === expertId)) return errand;
    if (errand.posterId === expertId) throw errandIsOwn();
    throw stateConflict(errand, 'open');
  }

  /**
   * The expert hands in what was asked for.
   * @throws `errand_overdue` once the grace after the deadline is over, `errand_in_other_state`, `errand_not_found`
   */
  async deliverErrand(expertId: string, id: string, delivery: string): Promise<Errand> {
    const isDone = await this.transitions.deliver(id, expertId, delivery, this.config.autoConfirmHours);
    return this.afterStep(isDone, id, 'expert', expertId, 'accepted', 'delivered');
  }

  /**
   * The poster is content: the reward goes to the expert. When this returns, that is committed.
   * @throws `errand_in_other_state`, `errand_not_found`
   */
  async confirmErrand(posterId: string, id: string): Promise<Errand> {
    const isDone = await this.transitions.confirm(id, posterId);
    return this.afterEnd(isDone, id, posterId, 'delivered', 'confirmed');
  }

  /**
   * The poster takes an errand back that nobody has accepted; the reward is released.
   * @throws `errand_in_other_state`, `errand_not_found`
   */
  async cancelErrand(posterId: string, id: string): Promise<Errand> {
    const isDone = await this.transitions.cancel(id, posterId);
    return this.afterEnd(isDone, id, posterId, 'open', 'cancelled_by_poster');
  }

  /**
   * The poster objects to what was delivered: an operator decides. The reward stays held until then.
   * @throws `errand_overdue`, `errand_in_other_state`, `errand_not_found`
   */
  async disputeErrand(posterId: string, id: string, reason: string): Promise<Errand> {
    const isDone = await this.transitions.dispute(id, posterId, reason);
    return this.afterStep(isDone, id, 'poster', posterId, 'delivered', 'disputed');
  }

  private async afterStep(
    isDone: boolean,
    id: string,
    party: 'poster' | 'expert',
    userId: string,
    from: Errand['state'],
    to: Errand['state'],
  ): Promise<Errand> {
    const errand = await this.errands.findById(id);
    const partyId = party === 'poster' ? errand?.posterId : errand?.expertId;
    if (!errand || errand.state === 'posting' || partyId !== userId) throw errandNotFound();
    if (isDone || errand.state === to) return errand;
    throw stateConflict(errand, from);
  }

  private async afterEnd(
    isDone: boolean,
    id: string,
    posterId: string,
    from: Errand['state'],
    outcome: NonNullable<Errand['outcome']>,
  ): Promise<Errand> {
    const errand = await this.errands.findById(id);
    if (!errand || errand.state === 'posting' || errand.posterId !== posterId) throw errandNotFound();
    if (!isDone && errand.outcome !== outcome) throw stateConflict(errand, from);
    if (errand.state !== 'settling') return errand;
    await this.settlement.settle(toSettling(errand));
    return (await this.errands.findById(id)) ?? errand;
  }
}

/** An errand that settles, as its coins are moved. */
export function toSettling({ id, posterId, expertId, payment }: Errand): SettlingErrand {
  return { id, posterId, expertId, payment: payment ?? 0n };
}

/** Why a step was not taken from the state with which it begins. */
export function stateConflict({ state }: Errand, from: Errand['state']) {
  return state === from ? errandOverdue() : errandInOtherState({ details: { state } });
}
