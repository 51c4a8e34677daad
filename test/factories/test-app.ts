import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { configDefinitions } from '../../src/app.config.js';
import { HttpAppModule } from '../../src/http-app.module.js';
import { taskKinds } from '../../src/app.task-kinds.js';
import type { TaskDefinition } from '../../src/modules/task/index.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { createHttpApp, httpConfig } from '../../src/platform/http/index.js';
import { installSockets } from '../../src/platform/websocket/index.js';
import { createRunDirectory } from './run-directory.js';
import { createTestDatabase } from './test-database.js';
import { createTestRedis } from './test-redis.js';

/** A whole API in this process, on a database and a Redis of its own. */
export interface TestApp {
  app: NestFastifyApplication;
  environment: Record<string, string>;
  close(): Promise<void>;
}

/**
 * Starts an API as `main.http.ts` does, without a port: ask it with `app.inject`. A database that `settings` name is
 * the test's own to drop. `kinds` of tasks can be
 * submitted besides those of the product.
 */
export async function createTestApp(
  settings: Record<string, string> = {},
  kinds: readonly TaskDefinition[] = [],
): Promise<TestApp> {
  const database = settings['LOCKKEEPER_DATABASE_URL'] ? undefined : await createTestDatabase();
  const runDirectory = createRunDirectory();
  const storageDirectory = `${runDirectory.path}-files`;
  const environment = {
    NODE_ENV: 'test',
    ...(database && { LOCKKEEPER_DATABASE_URL: database.url }),
    LOCKKEEPER_REDIS_URL: await createTestRedis(),
    LOCKKEEPER_RUN_DIR: runDirectory.path,
    LOCKKEEPER_STORAGE_DIR: storageDirectory,
    // Many test files share a machine; those about a slow Redis set their own.
    LOCKKEEPER_REDIS_COMMAND_TIMEOUT_MS: '5000',
    ...settings,
  };
  const config = loadConfig(environment, configDefinitions);
  const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  const root = HttpAppModule.forRoot(config, [...taskKinds, ...kinds]);
  const { app } = await createHttpApp(root, config.get(httpConfig), logger);
  installSockets(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return {
    app,
    environment,
    close: async () => {
      await app.close();
      runDirectory.remove();
      await rm(storageDirectory, { recursive: true, force: true });
      await database?.drop();
    },
  };
}
