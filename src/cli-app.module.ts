import { type DynamicModule, Module } from '@nestjs/common';
import { configDefinitions } from './app.config.js';
import { jobDefinitions } from './app.jobs.js';
import { periodicTasks } from './app.tasks.js';
import { AuthModule } from './modules/auth/index.js';
import { ChatModule } from './modules/chat/index.js';
import { CoinAccountModule } from './modules/coin-account/index.js';
import { LogsModule } from './modules/logs/index.js';
import { SchedulerModule } from './modules/scheduler/index.js';
import { TaskModule } from './modules/task/index.js';
import { ConfigModule, type LoadedConfig } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { EventsModule } from './platform/events/index.js';
import { QueueModule } from './platform/queue/index.js';
import { RedisModule } from './platform/redis/index.js';
import { TimeModule } from './platform/time/index.js';

/** Everything that the operator's commands are made of. */
@Module({})
export class CliAppModule {
  static forRoot(config: LoadedConfig): DynamicModule {
    return {
      module: CliAppModule,
      imports: [
        ConfigModule.forRoot(config, configDefinitions),
        TimeModule,
        EventsModule,
        DatabaseModule.forRoot(),
        RedisModule,
        QueueModule.forProducers(jobDefinitions),
        AuthModule,
        CoinAccountModule,
        ChatModule,
        LogsModule,
        SchedulerModule.forTasks(periodicTasks),
        TaskModule,
      ],
    };
  }
}
