import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { AuditLog } from '../audit/index.js';
import { type Expert, type ExpertPosition, ExpertRepository, type Profile } from './expert.repository.js';
import { expertNotFound } from './marketplace.errors.js';

/** Users who take errands, and those of them whom operators feature. */
@Injectable()
export class ExpertService {
  constructor(
    private readonly transactions: Transactions,
    private readonly experts: ExpertRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Makes the user an expert, or changes his profile. */
  async saveProfile(userId: string, profile: Profile): Promise<Expert> {
    await this.experts.save(userId, profile);
    return this.getExpert(userId);
  }

  /** Takes the profile away. What was accepted can still be delivered. @throws `expert_not_found` */
  async deleteProfile(userId: string): Promise<void> {
    if (!(await this.experts.delete(userId))) throw expertNotFound();
  }

  /** @throws `expert_not_found` */
  async getExpert(userId: string): Promise<Expert> {
    const expert = await this.experts.find(userId);
    if (!expert) throw expertNotFound();
    return expert;
  }

  /** The featured first. */
  listExperts(after: ExpertPosition | undefined, limit: number): Promise<Expert[]> {
    return this.experts.list(after, limit);
  }

  /** Features an expert, or ends that. Doing what is done already changes nothing. @throws `expert_not_found` */
  async setFeatured(operatorId: string, userId: string, isFeatured: boolean): Promise<Expert> {
    await this.transactions.run(async (transaction) => {
      if (!(await this.experts.setFeatured(transaction, userId, isFeatured))) return;
      await this.audit.record(
        {
          actor: { kind: 'operator', id: operatorId },
          action: isFeatured ? 'expert.featured' : 'expert.unfeatured',
          subjectKind: 'user',
          subjectId: userId,
        },
        transaction,
      );
    });
    return this.getExpert(userId);
  }
}
