import { agentMemoryConfig } from './modules/agent-memory/index.js';
import { chatConfig } from './modules/chat/index.js';
import { coinAccountConfig } from './modules/coin-account/index.js';
import { conversationConfig } from './modules/conversation/index.js';
import { engagementConfig } from './modules/engagement/index.js';
import { knowledgeConfig } from './modules/knowledge/index.js';
import { graphConfig } from './modules/graph/index.js';
import { logIntakeConfig, logQueryConfig, logsConfig } from './modules/logs/index.js';
import { fileConfig } from './modules/file/index.js';
import { marketplaceConfig } from './modules/marketplace/index.js';
import { providerConfig } from './modules/provider/index.js';
import { supportConfig } from './modules/support/index.js';
import { schedulerConfig } from './modules/scheduler/index.js';
import { taskConfig } from './modules/task/index.js';
import { authConfig } from './modules/auth/index.js';
import { appEnvironmentConfig, type ConfigDefinition } from './platform/config/index.js';
import { databaseConfig } from './platform/database/index.js';
import { httpConfig } from './platform/http/index.js';
import { metricsConfig } from './platform/metrics/index.js';
import { tracingConfig } from './platform/tracing/index.js';
import { queueConfig } from './platform/queue/index.js';
import { storageConfig } from './platform/storage/index.js';
import { redisConfig } from './platform/redis/index.js';
import { websocketConfig } from './platform/websocket/index.js';

/** Every configuration there is, in the order of `.env.example`. A name that is in none is refused at start. */
export const configDefinitions: readonly ConfigDefinition[] = [
  appEnvironmentConfig,
  httpConfig,
  databaseConfig,
  redisConfig,
  queueConfig,
  storageConfig,
  metricsConfig,
  tracingConfig,
  providerConfig,
  conversationConfig,
  chatConfig,
  authConfig,
  coinAccountConfig,
  logsConfig,
  logQueryConfig,
  logIntakeConfig,
  websocketConfig,
  supportConfig,
  engagementConfig,
  marketplaceConfig,
  agentMemoryConfig,
  fileConfig,
  graphConfig,
  schedulerConfig,
  taskConfig,
  knowledgeConfig,
];
