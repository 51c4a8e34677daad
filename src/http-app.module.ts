import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { configDefinitions } from './app.config.js';
import { jobDefinitions } from './app.jobs.js';
import { taskKinds } from './app.task-kinds.js';
import { periodicTasks } from './app.tasks.js';
import { AccountHttpModule } from './modules/account/account.http.module.js';
import { AgentMemoryHttpModule } from './modules/agent-memory/agent-memory.http.module.js';
import { AuditHttpModule } from './modules/audit/audit.http.module.js';
import { ChatHttpModule } from './modules/chat/chat.http.module.js';
import { CoinAccountHttpModule } from './modules/coin-account/coin-account.http.module.js';
import { ConversationHttpModule } from './modules/conversation/conversation.http.module.js';
import { EngagementHttpModule } from './modules/engagement/engagement.http.module.js';
import { GraphHttpModule } from './modules/graph/graph.http.module.js';
import { AuthHttpModule } from './modules/auth/auth.http.module.js';
import { FileHttpModule } from './modules/file/file.http.module.js';
import { IngestionModule } from './modules/ingestion/index.js';
import { LogsHttpModule } from './modules/logs/logs.http.module.js';
import { KnowledgeHttpModule } from './modules/knowledge/knowledge.http.module.js';
import { MarketplaceHttpModule } from './modules/marketplace/marketplace.http.module.js';
import { MonitoringModule } from './modules/monitoring/index.js';
import { MonitoringHttpModule } from './modules/monitoring/monitoring.http.module.js';
import { ProviderHttpModule } from './modules/provider/provider.http.module.js';
import { QueuesHttpModule } from './modules/queues/queues.http.module.js';
import { SupportHttpModule } from './modules/support/support.http.module.js';
import { SchedulerHttpModule } from './modules/scheduler/scheduler.http.module.js';
import { SearchHttpModule } from './modules/search/search.http.module.js';
import { StatisticsHttpModule } from './modules/statistics/statistics.http.module.js';
import type { TaskDefinition } from './modules/task/index.js';
import { TaskHttpModule } from './modules/task/task.http.module.js';
import { ConfigModule, type LoadedConfig } from './platform/config/index.js';
import { DatabaseModule } from './platform/database/index.js';
import { HttpModule } from './platform/http/index.js';
import { ClusterMetricsModule } from './platform/metrics/index.js';
import { EventsModule } from './platform/events/index.js';
import { QueueModule } from './platform/queue/index.js';
import { RedisModule } from './platform/redis/index.js';
import { WebsocketModule } from './platform/websocket/index.js';
import { TimeModule } from './platform/time/index.js';
import { TracingModule } from './platform/tracing/index.js';
import { WorkModule } from './platform/work/index.js';

/** Everything that an API process is made of. */
@Module({})
export class HttpAppModule {
  static forRoot(config: LoadedConfig, kinds: readonly TaskDefinition[] = taskKinds): DynamicModule {
    return {
      module: HttpAppModule,
      imports: [
        ConfigModule.forRoot(config, configDefinitions),
        TimeModule,
        WorkModule,
        EventsModule,
        DatabaseModule.forRoot(),
        RedisModule,
        WebsocketModule,
        QueueModule.forProducers(jobDefinitions),
        ClusterMetricsModule.forRole('api'),
        TracingModule.forRole('api'),
        ScheduleModule.forRoot(),
        SearchHttpModule,
        ConversationHttpModule,
        ChatHttpModule,
        ProviderHttpModule,
        AuthHttpModule,
        CoinAccountHttpModule,
        AuditHttpModule,
        QueuesHttpModule,
        AccountHttpModule,
        LogsHttpModule,
        SupportHttpModule,
        EngagementHttpModule,
        MarketplaceHttpModule,
        FileHttpModule,
        KnowledgeHttpModule,
        IngestionModule,
        StatisticsHttpModule,
        AgentMemoryHttpModule,
        GraphHttpModule,
        SchedulerHttpModule.forTasks(periodicTasks),
        TaskHttpModule.forKinds(kinds),
        HttpModule,
        MonitoringModule.forRole('api'),
        MonitoringHttpModule,
      ],
    };
  }
}
