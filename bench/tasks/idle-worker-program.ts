/**
 * A worker as the product's, with one more kind of task, which does nothing: started by idle-workers.ts, which sends it
 * its environment.
 */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { importBuilt } from '../lib/built-services.ts';
import { idleTask, type IdlePayload } from './idle-task.ts';

const [environment] = (await once(process, 'message')) as [Record<string, string>];
await import('reflect-metadata');
const { Injectable } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { configDefinitions } = await importBuilt<typeof import('../../src/app.config.ts')>('app.config.js');
const { taskKinds } = await importBuilt<typeof import('../../src/app.task-kinds.ts')>('app.task-kinds.js');
const { loadConfig } =
  await importBuilt<typeof import('../../src/platform/config/index.ts')>('platform/config/index.js');
const { DoesTask } =
  await importBuilt<typeof import('../../src/modules/task/index.ts')>('modules/task/index.js');
const { WorkerAppModule } =
  await importBuilt<typeof import('../../src/worker-app.module.ts')>('worker-app.module.js');

class IdleHandler {
  async run({ work_ms: workMs }: IdlePayload) {
    if (workMs > 0) await delay(workMs);
    return {};
  }
}
Injectable()(IdleHandler);
DoesTask(idleTask)(IdleHandler);

class BenchWorkerModule {}
const app = await NestFactory.createApplicationContext(
  {
    module: BenchWorkerModule,
    imports: [WorkerAppModule.forRoot(loadConfig(environment, configDefinitions), [...taskKinds, idleTask])],
    providers: [IdleHandler],
  },
  { logger: ['error'], abortOnError: false },
);
process.send?.('ready');
await once(process, 'message');
await app.close();
process.disconnect();
