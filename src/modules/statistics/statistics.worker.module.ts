import { Module } from '@nestjs/common';
import { StatisticsModule } from './statistics.module.js';
import { UpdateAllUsersStatisticsHandler } from './tasks/update-all-users-statistics.handler.js';

/** What a worker does for statistics: it computes them. */
@Module({ imports: [StatisticsModule], providers: [UpdateAllUsersStatisticsHandler] })
export class StatisticsWorkerModule {}
