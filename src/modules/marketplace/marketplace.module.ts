import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { CoinAccountModule } from '../coin-account/index.js';
import { ConversationModule } from '../conversation/index.js';
import { DueErrandRepository } from './due-errand.repository.js';
import { ErrandCheck } from './errand-check.js';
import { ErrandOperations } from './errand-operations.service.js';
import { ErrandPosting } from './errand-posting.service.js';
import { ErrandSettlement } from './errand-settlement.service.js';
import { ErrandTransitionRepository } from './errand-transition.repository.js';
import { ErrandRepository } from './errand.repository.js';
import { ErrandService } from './errand.service.js';
import { ExpertRepository } from './expert.repository.js';
import { ExpertService } from './expert.service.js';
import { MarketplaceActivity } from './marketplace-activity.repository.js';
import { MarketplaceErasure } from './marketplace-erasure.js';
import { MarketplaceErasureRepository } from './marketplace-erasure.repository.js';
import { ResponseTimeRepository } from './response-time.repository.js';

/** Errands, which users pay each other for, and the experts who do them. */
@Module({
  imports: [AuditModule, CoinAccountModule, ConversationModule],
  providers: [
    ErrandRepository,
    ErrandTransitionRepository,
    DueErrandRepository,
    ErrandSettlement,
    ErrandPosting,
    ErrandService,
    ErrandOperations,
    ErrandCheck,
    ExpertRepository,
    ExpertService,
    ResponseTimeRepository,
    MarketplaceActivity,
    MarketplaceErasureRepository,
    MarketplaceErasure,
  ],
  exports: [
    ErrandRepository,
    DueErrandRepository,
    ErrandSettlement,
    ErrandPosting,
    ErrandService,
    ErrandOperations,
    ExpertService,
    ResponseTimeRepository,
    MarketplaceActivity,
  ],
})
export class MarketplaceModule {}
