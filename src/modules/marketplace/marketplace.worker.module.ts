import { Module } from '@nestjs/common';
import { CoinAccountModule } from '../coin-account/index.js';
import { MarketplaceModule } from './marketplace.module.js';
import { CancelExpiredTasksHandler } from './tasks/cancel-expired-tasks.handler.js';
import { UpdateFeaturedTaskExpertsResponseTimeHandler } from './tasks/update-featured-task-experts-response-time.handler.js';

/** What a worker does for the marketplace. */
@Module({
  imports: [MarketplaceModule, CoinAccountModule],
  providers: [CancelExpiredTasksHandler, UpdateFeaturedTaskExpertsResponseTimeHandler],
})
export class MarketplaceWorkerModule {}
