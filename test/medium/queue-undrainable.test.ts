import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigModule, loadConfig } from '../../src/platform/config/index.js';
import { MetricsModule } from '../../src/platform/metrics/index.js';
import {
  defineJob,
  defineQueue,
  JobQueue,
  queueConfig,
  QueueModule,
  QueueOperations,
} from '../../src/platform/queue/index.js';
import { redisConfig, RedisModule } from '../../src/platform/redis/index.js';
import { createTestRedis } from '../factories/test-redis.js';

const queue = defineQueue({
  name: 'test-only-record',
  shards: 1,
  isSerial: false,
  concurrency: 1,
  lockDurationMs: 1_000,
  isDrainable: false,
  objectiveMs: 10_000,
});
const job = defineJob({
  name: 'test.do-work.v1',
  queue,
  payload: z.object({ id: z.uuid() }),
  attempts: 1,
  backoffMs: 1,
  timeoutMs: 1_000,
  keepCompleted: 1,
  keepFailed: 1,
  idempotency: { mode: 'once', key: ({ id }) => id },
  shardOf: () => 0,
});

describe('a queue whose jobs stand nowhere else', () => {
  let app: INestApplicationContext;
  beforeAll(async () => {
    const definitions = [redisConfig, queueConfig];
    const config = loadConfig({ LOCKKEEPER_REDIS_URL: await createTestRedis() }, definitions);
    const root = {
      module: class TestRootModule {},
      imports: [
        ConfigModule.forRoot(config, definitions),
        RedisModule,
        MetricsModule,
        QueueModule.forProducers([job]),
      ],
    };
    app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  });
  afterAll(() => app.close());

  it('keeps what waits: it is not drained, nor is a job of it removed', async () => {
    const operations = app.get(QueueOperations);
    await app.get(JobQueue).enqueue(job, { id: randomUUID() });
    const { jobs } = await operations.listJobs(queue.name, 'waiting', 10);
    expect(jobs).toHaveLength(1);
    await expect(operations.drain(queue.name)).rejects.toThrow('must not be drained');
    expect(await operations.removeJob(queue.name, jobs[0]?.id ?? '')).toBe('other_state');
    expect(await operations.find(queue.name)).toMatchObject({ isDrainable: false, counts: { waiting: 1 } });
  });
});
