import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { importBuilt } from '../lib/built-services.ts';
import { ask, startProgram } from '../lib/child-programs.ts';
import { type CpuCosts, watchCpu } from '../lib/cpu-costs.ts';
import { BACKLOG_LIMIT } from './producers.ts';
import type { SaveInstallation } from './save-installation.ts';

/** What a process of jobs has to do. */
export interface JobTask {
  role: 'add' | 'run';
  redisUrl: string;
  prefix: string;
  queues: readonly string[];
  backlogLimit: number;
  /** How many jobs are added at a time. */
  bulk: number;
}

export interface Times {
  seconds: number;
  warmUpSeconds: number;
}

export interface JobMeasurement {
  perSecond: number;
  finished: number;
  costs: CpuCosts;
}

const PROGRAM = fileURLToPath(new URL('job-program.ts', import.meta.url));
const BULK = 100;

/**
 * How many jobs that do nothing BullMQ gets through in a second, in as many queues as saves have shards, one job of a
 * queue at a time over all processes, while one process adds jobs in bulk.
 */
export async function measureJobs(
  { servers, redisUrl }: SaveInstallation,
  workers: number,
  { seconds, warmUpSeconds }: Times,
): Promise<JobMeasurement> {
  const { SAVE_SHARDS } = await importBuilt<typeof import('../../src/modules/conversation/index.ts')>(
    'modules/conversation/index.js',
  );
  const queues = Array.from({ length: SAVE_SHARDS }, (_, shard) => `ceiling-${shard}`);
  const task = { redisUrl, prefix: 'benchmark', queues, backlogLimit: BACKLOG_LIMIT, bulk: BULK };
  const adder = startProgram(servers, 'adder of jobs', PROGRAM);
  const runners = Array.from({ length: workers }, (_, index) =>
    startProgram(servers, `runner of jobs ${index + 1}`, PROGRAM),
  );
  const countFinished = async () => {
    const counts = await Promise.all(runners.map((runner) => ask(runner, 'count')));
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  };
  await Promise.all([
    ask(adder, { ...task, role: 'add' }),
    ...runners.map((runner) => ask(runner, { ...task, role: 'run' })),
  ]);
  await delay(warmUpSeconds * 1000);
  const before = await countFinished();
  const cpu = watchCpu(servers, { workers: runners.map(pidOf), producers: [pidOf(adder)] });
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const finished = (await countFinished()) - before;
  const costs = cpu();
  const perSecond = finished / ((performance.now() - startedAt) / 1000);
  await Promise.all(runners.map((runner) => ask(runner, 'stop')));
  await ask(adder, 'stop');
  return { perSecond, finished, costs };
}

function pidOf(child: ChildProcess): number {
  return child.pid ?? 0;
}
