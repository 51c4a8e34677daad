import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { CliAppModule } from './cli-app.module.js';
import type { LoadedConfig } from './platform/config/index.js';
import { waitForDependencies } from './platform/process/index.js';

/** Runs a command's work in an application of its own, once MySQL answers, and Redis, if it is needed. */
export async function withCliApp<T>(
  config: LoadedConfig,
  work: (app: INestApplicationContext) => Promise<T>,
  { isRedisNeeded = true }: { isRedisNeeded?: boolean } = {},
): Promise<T> {
  await waitForDependencies(config, (line) => process.stderr.write(`${line}\n`), { isRedisNeeded });
  const app = await NestFactory.createApplicationContext(CliAppModule.forRoot(config), {
    logger: ['error'],
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
