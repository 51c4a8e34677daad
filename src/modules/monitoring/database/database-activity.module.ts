import { Module } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { databaseConfig, DatabaseProbe } from '../../../platform/database/index.js';
import { DatabaseActivityController } from './database-activity.controller.js';
import { ACTIVITY_PROBE, DatabaseActivityRepository } from './database-activity.repository.js';
import { DatabaseActivity } from './database-activity.service.js';

@Module({
  controllers: [DatabaseActivityController],
  providers: [
    DatabaseActivity,
    DatabaseActivityRepository,
    {
      provide: ACTIVITY_PROBE,
      inject: [databaseConfig.token],
      useFactory: (config: ConfigOf<typeof databaseConfig>) => new DatabaseProbe(config),
    },
  ],
})
export class DatabaseActivityModule {}
