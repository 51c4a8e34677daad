import { Module } from '@nestjs/common';
import { StatisticsController, StatisticsOperationsController } from './statistics.controller.js';
import { StatisticsModule } from './statistics.module.js';

@Module({
  imports: [StatisticsModule],
  controllers: [StatisticsController, StatisticsOperationsController],
})
export class StatisticsHttpModule {}
