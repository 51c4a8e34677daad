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
  close(): Promise<void>;
}

export async function createTestModule(...modules: (Type | DynamicModule)[]): Promise<TestModule> {
  const database = await createTestDatabase();
  const definitions = configDefinitions;
  const environment = { LOCKKEEPER_DATABASE_URL: database.url, LOCKKEEPER_REDIS_URL: 'redis://127.0.0.1:1' };
  const config = loadConfig(environment, definitions);
  const root: DynamicModule = {
    module: class TestRootModule {},
    imports: [ConfigModule.forRoot(config, definitions), DatabaseModule.forRoot(), ...modules],
  };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  return {
    app,
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}
