/** A worker that runs nothing but the tasks of the benchmark: started by worker-programs.ts, which tells it what to do. */
import { importBuilt } from '../lib/built-services.ts';
import type { ClaimAnswer, ProgramMessage } from './worker-programs.ts';

const CLAIMS_AT_ONCE = 4;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ProgramMessage) => void answer(message));

let app: Awaited<ReturnType<typeof startWorker>> | undefined;

async function answer(message: ProgramMessage): Promise<void> {
  if (message.kind === 'start') {
    app = await startWorker(message);
    process.send?.('ready');
  } else if (message.kind === 'claim') {
    process.send?.(await claimSlots(message));
  } else {
    await app?.close();
    process.disconnect();
  }
}

async function startWorker({ environment, tasks }: Extract<ProgramMessage, { kind: 'start' }>) {
  await import('reflect-metadata');
  const { Injectable } = await import('@nestjs/common');
  const { NestFactory } = await import('@nestjs/core');
  const { configDefinitions } = await importBuilt<typeof import('../../src/app.config.ts')>('app.config.js');
  const { ConfigModule, loadConfig } =
    await importBuilt<typeof import('../../src/platform/config/index.ts')>('platform/config/index.js');
  const { DatabaseModule } = await importBuilt<typeof import('../../src/platform/database/index.ts')>(
    'platform/database/index.js',
  );
  const { MetricsModule } =
    await importBuilt<typeof import('../../src/platform/metrics/index.ts')>('platform/metrics/index.js');
  const { RedisModule } =
    await importBuilt<typeof import('../../src/platform/redis/index.ts')>('platform/redis/index.js');
  const { RunsTask } = await importBuilt<typeof import('../../src/platform/schedule/index.ts')>(
    'platform/schedule/index.js',
  );
  const { TimeModule } =
    await importBuilt<typeof import('../../src/platform/time/index.ts')>('platform/time/index.js');
  const { WorkModule } =
    await importBuilt<typeof import('../../src/platform/work/index.ts')>('platform/work/index.js');
  const { forgetSlots } = await importBuilt<typeof import('../../src/modules/scheduler/index.ts')>(
    'modules/scheduler/index.js',
  );
  const { SchedulerWorkerModule } = await importBuilt<
    typeof import('../../src/modules/scheduler/scheduler.worker.module.ts')
  >('modules/scheduler/scheduler.worker.module.js');
  const handlers = tasks.map((task) => {
    class BenchHandler {
      run() {
        return Promise.resolve({ done: 1 });
      }
    }
    Injectable()(BenchHandler);
    RunsTask(task)(BenchHandler);
    return BenchHandler;
  });
  class BenchWorkerModule {}
  return NestFactory.createApplicationContext(
    {
      module: BenchWorkerModule,
      imports: [
        ConfigModule.forRoot(loadConfig(environment, configDefinitions), configDefinitions),
        TimeModule,
        WorkModule,
        DatabaseModule.forRoot(),
        RedisModule,
        MetricsModule,
        SchedulerWorkerModule.forTasks([forgetSlots, ...tasks]),
      ],
      providers: handlers,
    },
    { logger: false, abortOnError: false },
  );
}

/** Claims every slot, as all other programs do at the same time. */
async function claimSlots({
  task,
  cron,
  slots,
}: Extract<ProgramMessage, { kind: 'claim' }>): Promise<ClaimAnswer> {
  const { SlotRepository } = await importBuilt<
    typeof import('../../src/modules/scheduler/store/slot.repository.ts')
  >('modules/scheduler/store/slot.repository.js');
  if (!app) throw new Error('The worker has not started.');
  const repository = app.get(SlotRepository, { strict: false });
  const beginMs = performance.now();
  const waiting = slots.toReversed();
  let claimed = 0;
  const claimSome = async () => {
    for (let slot = waiting.pop(); slot !== undefined; slot = waiting.pop()) {
      const outcome = await repository.claim({ task, cron, dueAt: new Date(slot), path: 'redis' });
      if (outcome === 'claimed') claimed++;
    }
  };
  await Promise.all(Array.from({ length: CLAIMS_AT_ONCE }, claimSome));
  return { claimed, durationMs: performance.now() - beginMs };
}
