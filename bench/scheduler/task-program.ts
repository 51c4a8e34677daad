/** Runs one task on the rows of its case until nothing is due: started by measure-tasks.ts, which tells it which. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { importBuilt } from '../lib/built-services.ts';
import { Samples } from '../lib/samples.ts';
import type { TaskAnswer, TaskOrder } from './measure-tasks.ts';

const MEMORY_INTERVAL_MS = 50;

const [order] = (await once(process, 'message')) as [TaskOrder];
await import('reflect-metadata');
const { NestFactory } = await import('@nestjs/core');
const { configDefinitions } = await importBuilt<typeof import('../../src/app.config.ts')>('app.config.js');
const { loadConfig } =
  await importBuilt<typeof import('../../src/platform/config/index.ts')>('platform/config/index.js');
const database = await importBuilt<typeof import('../../src/platform/database/index.ts')>(
  'platform/database/index.js',
);
const { WorkerAppModule } =
  await importBuilt<typeof import('../../src/worker-app.module.ts')>('worker-app.module.js');
const { TaskRegistry } = await importBuilt<
  typeof import('../../src/modules/scheduler/engine/task-registry.ts')
>('modules/scheduler/engine/task-registry.js');

const app = await NestFactory.createApplicationContext(
  WorkerAppModule.forRoot(loadConfig(order.environment, configDefinitions)),
  { logger: ['error'], abortOnError: false },
);
const runnable = app.get(TaskRegistry, { strict: false }).find(order.task);
if (!runnable) throw new Error(`The task ${order.task} is not in the build.`);

/** The worker does other things besides: its lease, its schedules, its sweeps. Set in what the task itself does. */
const ofTask = new AsyncLocalStorage<true>();
const transactions = new Samples();
let longestMs = 0;
timeTransactions();
const rssBefore = process.memoryUsage().rss;
let rssPeak = rssBefore;
const memory = setInterval(
  () => (rssPeak = Math.max(rssPeak, process.memoryUsage().rss)),
  MEMORY_INTERVAL_MS,
);
const beginMs = performance.now();
const signal = AbortSignal.timeout(order.timeoutMs);
const outcome = await ofTask.run(true, () => runnable.handler.run({ dueAt: new Date(), attempt: 1, signal }));
const durationMs = performance.now() - beginMs;
clearInterval(memory);
await app.close();
const answer: TaskAnswer = {
  durationMs,
  longestMs,
  p99Ms: transactions.percentile(99),
  transactions: transactions.count,
  outcome,
  grownMib: (rssPeak - rssBefore) / 1024 / 1024,
};
process.send?.(answer, () => process.disconnect());

/** Counts the task's transactions of all kinds, from the first statement, or the wait for a connection, to the commit. */
function timeTransactions(): void {
  for (const service of [database.Transactions, database.BatchTransactions, database.BulkTransactions]) {
    timed(app.get(service as typeof database.Transactions), 'run');
  }
  timed(app.get(database.Transactions).single, 'query');
}

function timed<K extends string>(owner: Record<K, (...args: never[]) => Promise<unknown>>, method: K): void {
  const original = owner[method].bind(owner);
  owner[method] = async (...args) => {
    if (!ofTask.getStore()) return original(...args);
    const startedAtMs = performance.now();
    try {
      return await original(...args);
    } finally {
      const tookMs = performance.now() - startedAtMs;
      transactions.add(tookMs);
      longestMs = Math.max(longestMs, tookMs);
    }
  };
}
