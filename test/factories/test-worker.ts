import 'reflect-metadata';
import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from '../../src/app.config.js';
import { taskKinds } from '../../src/app.task-kinds.js';
import type { TaskDefinition } from '../../src/modules/task/index.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { WorkerAppModule } from '../../src/worker-app.module.js';

@Module({})
class TestWorkerModule {}

/** Kinds of tasks of a test, besides those of the product, and the providers that do them. */
export interface TestKinds {
  kinds: readonly TaskDefinition[];
  handlers: Type[];
}

/** Starts a worker in this process as `main.worker.ts` does; give it the environment of a test's API. */
export function createTestWorker(
  environment: Record<string, string>,
  { kinds, handlers }: TestKinds = { kinds: [], handlers: [] },
): Promise<INestApplicationContext> {
  const config = loadConfig(environment, configDefinitions);
  const root = {
    module: TestWorkerModule,
    imports: [WorkerAppModule.forRoot(config, [...taskKinds, ...kinds])],
    providers: handlers,
  };
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}
