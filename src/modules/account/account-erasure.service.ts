import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { AuditLog, type AuditEvent } from '../audit/index.js';
import { UserErasure } from '../auth/index.js';
import { Erasers, ErasureService, type ErasingActor } from '../conversation/index.js';

/** Erases users: at once as seen from outside, and then, by a worker, in all that is kept of them. */
@Injectable()
export class AccountErasure implements OnModuleInit {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserErasure,
    private readonly erasures: ErasureService,
    private readonly erasers: Erasers,
    private readonly audit: AuditLog,
  ) {}

  onModuleInit(): void {
    this.erasers.register('credentials', { eraseUser: (userId) => this.users.deleteCredentials(userId) });
  }

  /**
   * Erases a user. When this returns, that is committed: no token or key of the user is good, the address is free, and
   * nobody can reach the conversations, which a worker erases. The coin journal stays, under an id that is then a
   * pseudonym.
   * @throws user_not_found, also if the user has been erased; last_administrator
   */
  async eraseUser(actor: ErasingActor, userId: string, detail: AuditEvent['detail'] = {}): Promise<void> {
    const ended = await this.transactions.run(async (transaction) => {
      const credentials = await this.users.eraseUser(transaction, userId);
      await this.erasures.beginUserErasure(transaction, actor, userId);
      await this.audit.record(
        { actor, action: 'user.erased', subjectKind: 'user', subjectId: userId, detail },
        transaction,
      );
      return credentials;
    });
    await this.users.refuse(ended, userId, actor.id);
  }
}
