import { Module } from '@nestjs/common';
import { ErrandOperationsController } from './errand-operations.controller.js';
import { ErrandController } from './errand.controller.js';
import { ExpertController, ExpertOperationsController } from './expert.controller.js';
import { MarketplaceModule } from './marketplace.module.js';

@Module({
  imports: [MarketplaceModule],
  controllers: [ErrandController, ErrandOperationsController, ExpertController, ExpertOperationsController],
})
export class MarketplaceHttpModule {}
