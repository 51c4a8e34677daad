import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { MarketplaceModule } from '../marketplace/index.js';
import { ChangeCollector } from './change-collector.service.js';
import { StatisticsComputer } from './statistics-computer.service.js';
import { StatisticsDueRepository } from './statistics-due.repository.js';
import { StatisticsErasure } from './statistics-erasure.js';
import { UserStatisticsRepository } from './user-statistics.repository.js';

/** What users did, in numbers, over several modules. */
@Module({
  imports: [AuthModule, CoinAccountModule, ConversationModule, MarketplaceModule],
  providers: [
    StatisticsDueRepository,
    UserStatisticsRepository,
    ChangeCollector,
    StatisticsComputer,
    StatisticsErasure,
  ],
  exports: [UserStatisticsRepository, StatisticsDueRepository, ChangeCollector, StatisticsComputer],
})
export class StatisticsModule {}
