import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { configDefinitions } from './app.config.js';
import { jobDefinitions } from './app.jobs.js';
import { taskKinds } from './app.task-kinds.js';
import { periodicTasks } from './app.tasks.js';
import { AccountModule } from './modules/account/index.js';
import { AgentMemoryModule } from './modules/agent-memory/index.js';
import { AuthWorkerModule } from './modules/auth/auth.worker.module.js';
import { ChatWorkerModule } from './modules/chat/chat.worker.module.js';
import { CoinAccountWorkerModule } from './modules/coin-account/coin-account.worker.module.js';
import { ConversationWorkerModule } from './modules/conversation/conversation.worker.module.js';
import { EngagementWorkerModule } from './modules/engagement/engagement.worker.module.js';
import { FileWorkerModule } from './modules/file/file.worker.module.js';
import { KnowledgeWorkerModule } from './modules/knowledge/knowledge.worker.module.js';
import { GraphModule } from './modules/graph/index.js';
import { IngestionWorkerModule } from './modules/ingestion/ingestion.worker.module.js';
import { LogsWorkerModule } from './modules/logs/logs.worker.module.js';
import { MarketplaceWorkerModule } from './modules/marketplace/marketplace.worker.module.js';
import { MonitoringModule } from './modules/monitoring/index.js';
import { SupportWorkerModule } from './modules/support/support.worker.module.js';
import { SchedulerWorkerModule } from './modules/scheduler/scheduler.worker.module.js';
import { SearchWorkerModule } from './modules/search/search.worker.module.js';
import { StatisticsWorkerModule } from './modules/statistics/statistics.worker.module.js';
import type { TaskDefinition } from './modules/task/index.js';
import { TaskWorkerModule } from './modules/task/task.worker.module.js';
import { ConfigModule, type LoadedConfig } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { ClusterMetricsModule } from './platform/metrics/index.js';
import { EventsModule } from './platform/events/index.js';
import { QueueModule } from './platform/queue/index.js';
import { RedisModule } from './platform/redis/index.js';
import { WebsocketModule } from './platform/websocket/index.js';
import { TimeModule } from './platform/time/index.js';
import { TracingModule } from './platform/tracing/index.js';
import { WorkModule } from './platform/work/index.js';

/** Everything that a worker process is made of. */
@Module({})
export class WorkerAppModule {
  static forRoot(config: LoadedConfig, kinds: readonly TaskDefinition[] = taskKinds): DynamicModule {
    return {
      module: WorkerAppModule,
      imports: [
        ConfigModule.forRoot(config, configDefinitions),
        TimeModule,
        WorkModule,
        EventsModule,
        DatabaseModule.forRoot(),
        RedisModule,
        WebsocketModule,
        ClusterMetricsModule.forRole('worker'),
        TracingModule.forRole('worker'),
        MonitoringModule.forRole('worker'),
        QueueModule.forWorkers(jobDefinitions),
        ScheduleModule.forRoot(),
        AuthWorkerModule,
        CoinAccountWorkerModule,
        ConversationWorkerModule,
        ChatWorkerModule,
        AccountModule,
        GraphModule,
        SearchWorkerModule,
        LogsWorkerModule,
        SupportWorkerModule,
        EngagementWorkerModule,
        MarketplaceWorkerModule,
        FileWorkerModule,
        KnowledgeWorkerModule,
        IngestionWorkerModule,
        StatisticsWorkerModule,
        AgentMemoryModule,
        TaskWorkerModule.forKinds(kinds),
        SchedulerWorkerModule.forTasks(periodicTasks),
      ],
    };
  }
}
