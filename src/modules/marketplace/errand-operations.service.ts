import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { invalidRequest } from '../../platform/errors/index.js';
import type { MicroCoins } from '../../shared/money.js';
import { formatCoins } from '../../shared/money.js';
import { AuditLog } from '../audit/index.js';
import type { Errand } from './domain/errand.js';
import { ErrandRepository } from './errand.repository.js';
import { stateConflict, toSettling } from './errand.service.js';
import { ErrandSettlement } from './errand-settlement.service.js';
import { ErrandTransitionRepository } from './errand-transition.repository.js';
import { errandNotFound } from './marketplace.errors.js';

/** What operators do with errands; it is audited. */
@Injectable()
export class ErrandOperations {
  constructor(
    private readonly transactions: Transactions,
    private readonly errands: ErrandRepository,
    private readonly transitions: ErrandTransitionRepository,
    private readonly settlement: ErrandSettlement,
    private readonly audit: AuditLog,
  ) {}

  /** @throws `errand_not_found` */
  async getErrand(id: string): Promise<Errand> {
    const errand = await this.errands.findById(id);
    if (!errand || errand.state === 'posting') throw errandNotFound();
    return errand;
  }

  readDelivery(errand: Errand): Promise<string | null> {
    return this.errands.findDelivery(errand.id);
  }

  /**
   * Ends a dispute: the expert gets `payment` of the reward, the poster the rest. Repeated with the same amount it
   * answers how the errand stands.
   * @throws `invalid_request` if it is more than the reward, `errand_in_other_state`, `errand_not_found`
   */
  async decideDispute(
    operatorId: string,
    id: string,
    { payment, note }: { payment: MicroCoins; note: string },
  ): Promise<Errand> {
    const before = await this.getErrand(id);
    if (payment > before.reward) {
      throw invalidRequest({
        param: 'payment',
        detail: `payment must be at most the reward, ${formatCoins(before.reward)}.`,
      });
    }
    const isDone = await this.transactions.run(async (transaction) => {
      const isDecided = await this.transitions.decide(transaction, { id, payment, operatorId, note });
      if (isDecided) {
        await this.audit.record(
          {
            actor: { kind: 'operator', id: operatorId },
            action: 'errand.dispute_decided',
            subjectKind: 'errand',
            subjectId: id,
            detail: { payment: formatCoins(payment), reward: formatCoins(before.reward) },
          },
          transaction,
        );
      }
      return isDecided;
    });
    const errand = await this.getErrand(id);
    const isRepeated = errand.outcome === 'decided' && errand.payment === payment;
    if (!isDone && !isRepeated) throw stateConflict(errand, 'disputed');
    if (errand.state === 'settling') await this.settlement.settle(toSettling(errand));
    return this.getErrand(id);
  }
}
