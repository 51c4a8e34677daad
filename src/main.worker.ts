import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { configDefinitions } from './app.config.js';
import { appEnvironmentConfig, loadProcessConfig } from './platform/config/index.js';
import { createPinoLogger, NestPinoLogger } from './platform/logging/index.js';
import { announceReady, runProcess, stopOnSignal, waitForDependencies } from './platform/process/index.js';
import { WorkerAppModule } from './worker-app.module.js';

/** Starts a worker process. */
async function main(): Promise<void> {
  const config = loadProcessConfig(configDefinitions);
  const logger = createPinoLogger(config.get(appEnvironmentConfig).logLevel, 'worker');
  await waitForDependencies(config, (line) => logger.warn(line));
  const app = await NestFactory.createApplicationContext(WorkerAppModule.forRoot(config), {
    logger: new NestPinoLogger(logger),
    abortOnError: false,
  });
  stopOnSignal(() => app.close());
  logger.info('the worker works');
  announceReady();
}

runProcess(main);
