import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { Erasers } from '../conversation/index.js';
import { StatisticsDueRepository } from './statistics-due.repository.js';
import { UserStatisticsRepository } from './user-statistics.repository.js';

/** With a user go the user's statistics. */
@Injectable()
export class StatisticsErasure implements OnModuleInit {
  constructor(
    private readonly erasers: Erasers,
    private readonly transactions: Transactions,
    private readonly statistics: UserStatisticsRepository,
    private readonly due: StatisticsDueRepository,
  ) {}

  onModuleInit(): void {
    this.erasers.register('statistics', { eraseUser: (userId) => this.eraseUser(userId) });
  }

  private async eraseUser(userId: string): Promise<void> {
    const { single } = this.transactions;
    await this.due.delete(single, [userId]);
    await this.statistics.delete(single, [userId]);
  }
}
