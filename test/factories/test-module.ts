import 'reflect-metadata';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from '../../src/app.config.js';
import { ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import { DatabaseModule } from '../../src/platform/database/index.js';
import { createTestDatabase } from './test-database.js';

/** Modules that need a database and nothing else, on a database of their own. */
export interface TestModule {
  app: INestApplicationContext;
  databaseUrl: string;
  close(): Promise<void>;
}

/** Starts modules. A database that `settings` name is somebody else's to drop. */
export async function createTestModule(
  modules: (Type | DynamicModule)[] = [],
  settings: Record<string, string> = {},
): Promise<TestModule> {
  const database = settings['LOCKKEEPER_DATABASE_URL'] ? undefined : await createTestDatabase();
  const databaseUrl = database?.url ?? settings['LOCKKEEPER_DATABASE_URL'] ?? '';
  const definitions = configDefinitions;
  const environment = {
    LOCKKEEPER_REDIS_URL: 'redis://127.0.0.1:1',
    ...settings,
    LOCKKEEPER_DATABASE_URL: databaseUrl,
  };
  const config = loadConfig(environment, definitions);
  const root: DynamicModule = {
    module: class TestRootModule {},
    imports: [ConfigModule.forRoot(config, definitions), DatabaseModule.forRoot(), ...modules],
  };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  return {
    app,
    databaseUrl,
    close: async () => {
      await app.close();
      await database?.drop();
    },
  };
}
