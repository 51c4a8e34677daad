import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from '../../src/app.config.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { WorkerAppModule } from '../../src/worker-app.module.js';

/** Starts a worker in this process as `main.worker.ts` does; give it the environment of a test's API. */
export async function createTestWorker(
  environment: Record<string, string>,
): Promise<INestApplicationContext & AsyncDisposable> {
  const worker = await NestFactory.createApplicationContext(
    WorkerAppModule.forRoot(loadConfig(environment, configDefinitions)),
    { logger: false, abortOnError: false },
  );
  return Object.assign(worker, { [Symbol.asyncDispose]: () => worker.close() });
}
