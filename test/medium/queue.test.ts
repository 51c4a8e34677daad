import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { type INestApplicationContext, Injectable, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appEnvironmentConfig, ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import { MetricsModule } from '../../src/platform/metrics/index.js';
import {
  defineJob,
  defineQueue,
  Handles,
  type JobDefinition,
  type JobHandler,
  JobQueue,
  type JobRun,
  queueConfig,
  QueueModule,
} from '../../src/platform/queue/index.js';
import { RedisAwayError, redisConfig, RedisModule } from '../../src/platform/redis/index.js';
import { TimeModule } from '../../src/platform/time/index.js';
import { WorkModule } from '../../src/platform/work/index.js';
import { createTcpProxy } from '../factories/tcp-proxy.js';
import { createTestRedis } from '../factories/test-redis.js';
import { shortestOf, waitUntil } from '../factories/wait.js';

interface Payload {
  id: string;
  n?: number | undefined;
}

type Job = JobDefinition<Payload>;

function newJob(changes: Partial<Job> = {}): Job {
  return defineJob<Payload>({
    name: `test.do-${randomUUID().slice(0, 8)}.v1`,
    queue: defineQueue({
      name: `test-${randomUUID()}`,
      shards: 1,
      isSerial: false,
      concurrency: 4,
      lockDurationMs: 1_000,
      isDrainable: true,
      objectiveMs: 10_000,
    }),
    payload: z.object({ id: z.uuid(), n: z.int().optional() }),
    attempts: 3,
    backoffMs: 40,
    timeoutMs: 5_000,
    keepCompleted: 10,
    keepFailed: 10,
    idempotency: { mode: 'once', key: ({ id }) => id },
    shardOf: () => 0,
    ...changes,
  });
}

type Handle = (payload: Payload, run: JobRun) => Promise<void> | void;

function handlerOf(job: Job, handle: Handle): Provider {
  @Injectable()
  @Handles(job)
  class TestHandler implements JobHandler<Job> {
    async handle(payload: Payload, run: JobRun): Promise<void> {
      await handle(payload, run);
    }
  }
  return TestHandler;
}

/** Jobs put in past our code, as an older or newer version of it might. */
async function putRaw(redisUrl: string, job: Job, name: string, data: unknown) {
  const queue = new Queue(job.queue.name, { connection: { url: redisUrl }, prefix: '{lockkeeper}' });
  const { id = '' } = await queue.add(name, data, { attempts: 3 });
  return {
    ended: () => waitUntil('a failed job', async () => (await queue.getJobState(id)) === 'failed'),
    close: () => queue.close(),
    attempts: async () => (await queue.getJob(id))?.attemptsMade,
  };
}

function coalescing(changes: Partial<Job> = {}): Job {
  return newJob({ idempotency: { mode: 'coalesce', key: () => 'same' }, ...changes });
}

async function timeToFail(jobs: JobQueue, job: Job): Promise<number> {
  const startedAt = performance.now();
  await expect(jobs.enqueue(job, { id: randomUUID() })).rejects.toThrow();
  return performance.now() - startedAt;
}
function enqueues(jobs: JobQueue, job: Job): Promise<boolean> {
  return waitUntil('a job in the queue', () =>
    jobs.enqueue(job, { id: randomUUID() }).then(
      () => true,
      () => false,
    ),
  );
}

function nothing(): void {}

describe('jobs', () => {
  const open: INestApplicationContext[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((app) => app.close()));
  });

  async function start(
    jobs: readonly Job[],
    handlers: Provider[] | 'none',
    redisUrl: string,
    settings: Record<string, string> = {},
  ): Promise<INestApplicationContext> {
    const definitions = [appEnvironmentConfig, redisConfig, queueConfig];
    const config = loadConfig({ LOCKKEEPER_REDIS_URL: redisUrl, ...settings }, definitions);
    const queue = handlers === 'none' ? QueueModule.forProducers(jobs) : QueueModule.forWorkers(jobs);
    const root = {
      module: class TestRootModule {},
      imports: [
        ConfigModule.forRoot(config, definitions),
        TimeModule,
        WorkModule,
        RedisModule,
        MetricsModule,
        queue,
      ],
      providers: handlers === 'none' ? [] : handlers,
    };
    const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    open.push(app);
    return app;
  }

  /** A worker for one job, on a Redis of its own, that notes its runs. */
  async function startOne(job: Job, handle: Handle = nothing) {
    const redisUrl = await createTestRedis();
    const runs: (Payload & { attempt: number; at: number })[] = [];
    const noting: Handle = (payload, run) => {
      runs.push({ ...payload, attempt: run.attempt, at: performance.now() });
      return handle(payload, run);
    };
    const app = await start([job], [handlerOf(job, noting)], redisUrl);
    const jobs = app.get(JobQueue);
    const allDone = () =>
      waitUntil('the end of all jobs', async () => {
        const { waiting, active, delayed } = await jobs.depth(job.queue);
        return waiting + active + delayed === 0;
      });
    return { app, jobs, runs, redisUrl, allDone };
  }

  describe('fail the boot of a worker', () => {
    it('without a handler, with two, and with one for a job that is not listed', async () => {
      const redisUrl = await createTestRedis();
      const [job, other] = [newJob(), newJob()];
      await expect(start([job, other], [handlerOf(job, nothing)], redisUrl)).rejects.toThrow(
        `These jobs have no handler: ${other.name}.`,
      );
      const twice = [handlerOf(job, nothing), handlerOf(job, nothing)];
      await expect(start([job], twice, redisUrl)).rejects.toThrow(`The job ${job.name} has two handlers.`);
      const unlisted = [handlerOf(job, nothing), handlerOf(other, nothing)];
      await expect(start([job], unlisted, redisUrl)).rejects.toThrow(
        `These jobs are not listed in app.jobs.ts: ${other.name}.`,
      );
    });
  });

  describe('have their payload checked', () => {
    it('when they are enqueued', async () => {
      const job = newJob();
      const { jobs, runs, allDone } = await startOne(job);
      await expect(jobs.enqueue(job, { id: 'none' })).rejects.toThrow(/uuid/i);
      const payload = { id: randomUUID(), n: 3, unknown: true };
      await jobs.enqueue(job, payload);
      await allDone();
      expect(runs).toEqual([{ id: payload.id, n: 3, attempt: 1, at: expect.any(Number) }]);
    });

    it.each([
      ['payload that does not fit', (job: Job) => job.name, { id: 1 }],
      ['name that nobody knows', () => 'test.do-nothing.v9', { id: randomUUID() }],
    ])('when they are run: a %s fails once and for good', async (_what, nameOf, data) => {
      const job = newJob();
      const { runs, redisUrl } = await startOne(job);
      const raw = await putRaw(redisUrl, job, nameOf(job), data);
      await raw.ended();
      expect(runs).toEqual([]);
      expect(await raw.attempts()).toBe(1);
      await raw.close();
    });
  });

  it('are tried again after a pause that doubles, as often as defined', async () => {
    const job = newJob();
    const { jobs, runs, allDone } = await startOne(job, () => Promise.reject(new Error('always')));
    await jobs.enqueue(job, { id: randomUUID() });
    await allDone();
    expect(runs.map((run) => run.attempt)).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = runs.map((run) => run.at);
    expect(second - first).toBeGreaterThanOrEqual(40);
    expect(third - second).toBeGreaterThanOrEqual(80);
    expect(await jobs.depth(job.queue)).toMatchObject({ failed: 1 });
  });

  it('that take too long are told to stop, and their try has failed though they do not listen', async () => {
    const job = newJob({ timeoutMs: 60, attempts: 2 });
    const signals: AbortSignal[] = [];
    const { jobs, allDone } = await startOne(job, (_payload, { signal }) => {
      signals.push(signal);
      return new Promise<void>(() => undefined);
    });
    await jobs.enqueue(job, { id: randomUUID() });
    await allDone();
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    expect(await jobs.depth(job.queue)).toMatchObject({ failed: 1 });
  });

  describe('that are to be done once', () => {
    it('are not done again while the first is kept, whatever their key', async () => {
      const job = newJob({
        idempotency: { mode: 'once', key: ({ id, n }) => (n ? `${n}` : `turn:${id}:x`) },
      });
      const { jobs, runs, allDone } = await startOne(job);
      const id = randomUUID();
      for (const n of [undefined, 7]) {
        await Promise.all([jobs.enqueue(job, { id, n }), jobs.enqueue(job, { id, n })]);
        await allDone();
        await jobs.enqueue(job, { id, n });
        await allDone();
      }
      expect(runs.map((run) => run.n)).toEqual([undefined, 7]);
    });
  });

  describe('that coalesce', () => {
    it('are one while they wait, and one more if they come while the first runs', async () => {
      const job = coalescing();
      const gate = Promise.withResolvers<void>();
      const { jobs, runs, allDone } = await startOne(job, () => gate.promise);
      const id = randomUUID();
      await jobs.enqueue(job, { id, n: 1 });
      await waitUntil('the first run', () => runs.length === 1);
      for (let n = 2; n <= 5; n++) await jobs.enqueue(job, { id, n });
      gate.resolve();
      await waitUntil('the second run', () => runs.length === 2);
      await allDone();
      expect(runs.map((run) => run.n)).toEqual([1, 5]);
      await jobs.enqueue(job, { id, n: 6 });
      await allDone();
      expect(runs).toHaveLength(3);
    });

    it('are done once more though the one that ran failed for good', async () => {
      const job = coalescing({ attempts: 1 });
      const gate = Promise.withResolvers<void>();
      const { jobs, runs } = await startOne(job, async ({ n }) => {
        await gate.promise;
        if (n === 1) throw new Error('the first fails');
      });
      const id = randomUUID();
      await jobs.enqueue(job, { id, n: 1 });
      await waitUntil('the first run', () => runs.length === 1);
      await jobs.enqueue(job, { id, n: 2 });
      gate.resolve();
      await waitUntil('the second run', () => runs.length === 2);
      await jobs.enqueue(job, { id, n: 3 });
      await waitUntil('the third run', () => runs.length === 3);
    });
  });

  it('of a serial queue run one at a time over all workers', async () => {
    const queue = { ...newJob().queue, isSerial: true };
    const job = newJob({ queue });
    let running = 0;
    const counts: number[] = [];
    const handle = async () => {
      counts.push(++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const { jobs, redisUrl, allDone } = await startOne(job, handle);
    await start([job], [handlerOf(job, handle)], redisUrl);
    await Promise.all(Array.from({ length: 20 }, () => jobs.enqueue(job, { id: randomUUID() })));
    await allDone();
    expect(counts).toEqual(Array.from({ length: 20 }, () => 1));
  });

  describe('while Redis is away', () => {
    it('are refused at once, and taken again as soon as it is back', async () => {
      const redis = await createTcpProxy(await createTestRedis());
      const job = newJob();
      const app = await start([job], 'none', redis.url);
      const jobs = app.get(JobQueue);
      await enqueues(jobs, job);
      await redis.cut();
      expect(await timeToFail(jobs, job)).toBeLessThan(250 + 400);
      await redis.restore();
      await enqueues(jobs, job);
      expect(await jobs.depth(job.queue)).toMatchObject({ waiting: 2 });
      await app.close();
      open.pop();
      await redis.cut();
    });

    it('are refused at once though it was away from the start', async () => {
      const redis = await createTcpProxy(await createTestRedis());
      await redis.cut();
      const job = newJob();
      const app = await start([job], 'none', redis.url);
      const jobs = app.get(JobQueue);
      expect(await timeToFail(jobs, job)).toBeLessThan(250 + 400);
      await redis.restore();
      await enqueues(jobs, job);
      await app.close();
      open.pop();
      await redis.cut();
    });

    it('are refused within its limit when it hangs, and from then on at once', async () => {
      const redis = await createTcpProxy(await createTestRedis());
      const job = newJob();
      const app = await start([job], 'none', redis.url);
      const jobs = app.get(JobQueue);
      await enqueues(jobs, job);
      redis.mute();
      expect(await timeToFail(jobs, job)).toBeLessThan(250 + 400);
      expect(await shortestOf(3, () => timeToFail(jobs, job))).toBeLessThan(50);
      await expect(jobs.depth(job.queue)).rejects.toBeInstanceOf(RedisAwayError);
      redis.unmute();
      await enqueues(jobs, job);
      await app.close();
      open.pop();
      await redis.cut();
    });

    it('do not keep a worker from stopping', async () => {
      const redis = await createTcpProxy(await createTestRedis());
      const job = newJob();
      const app = await start([job], [handlerOf(job, nothing)], redis.url, {
        LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '300',
      });
      open.pop();
      await redis.cut();
      const startedAt = performance.now();
      await app.close();
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    });
  });

  describe('of a worker that stops', () => {
    it('are finished if there is time', async () => {
      const job = newJob();
      const gate = Promise.withResolvers<void>();
      let isFinished = false;
      const { app, jobs, runs } = await startOne(job, async () => {
        await gate.promise;
        isFinished = true;
      });
      await jobs.enqueue(job, { id: randomUUID() });
      await waitUntil('the run', () => runs.length === 1);
      const closed = app.close();
      open.pop();
      gate.resolve();
      await closed;
      expect(isFinished).toBe(true);
    });

    it('are told to stop when the time is up, and done by another worker', async () => {
      const job = newJob();
      const redisUrl = await createTestRedis();
      let told: unknown;
      const stubborn: Handle = (_payload, { signal }) =>
        new Promise<void>(() => signal.addEventListener('abort', () => (told = signal.reason)));
      const stopping = await start([job], [handlerOf(job, stubborn)], redisUrl, {
        LOCKKEEPER_SHUTDOWN_TIMEOUT_MS: '100',
      });
      open.pop();
      const jobs = stopping.get(JobQueue);
      await jobs.enqueue(job, { id: randomUUID() });
      await waitUntil('the run', async () => (await jobs.depth(job.queue)).active === 1);
      await stopping.close();
      expect(told).toBeDefined();
      let runs = 0;
      await start([job], [handlerOf(job, () => void runs++)], redisUrl);
      await waitUntil('the second run', () => runs === 1);
    });
  });
});
