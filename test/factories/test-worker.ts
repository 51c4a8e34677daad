import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from '../../src/app.config.js';
import { loadConfig } from '../../src/platform/config/index.js';
import { WorkerAppModule } from '../../src/worker-app.module.js';

/** Starts a worker in this process as `main.worker.ts` does; give it the environment of a test's API. */
export function createTestWorker(environment: Record<string, string>): Promise<INestApplicationContext> {
  const root = WorkerAppModule.forRoot(loadConfig(environment, configDefinitions));
  return NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
}
