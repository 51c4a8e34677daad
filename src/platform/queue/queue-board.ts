import { getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import { redactText, showRedacted } from '../logging/index.js';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../redis/index.js';
import { shardNames } from './define-queue.js';
import { JobQueue } from './job-queue.js';

type ServerAdapter = Parameters<typeof createBullBoard>[0]['serverAdapter'];

/** A Fastify plugin with the board's page, its assets and its calls. */
export type QueueBoardPlugin = ReturnType<FastifyAdapter['registerPlugin']>;

/**
 * bull-board, to look at the queues as BullMQ has them. It only shows: what it could do besides asks for no reason,
 * and some of it, such as obliterating a queue, would undo what the workers have set there.
 */
@Injectable()
export class QueueBoard {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly jobs: JobQueue,
    private readonly breaker: RedisBreaker,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
  ) {}

  /** The board of all shards, to be registered under `basePath`. Who may see it, and how errors are answered, is the caller's. */
  pluginAt(basePath: string): QueueBoardPlugin {
    const serverAdapter = new FastifyAdapter().setBasePath(basePath);
    const queues = this.jobs.definitions
      .flatMap(shardNames)
      .map((name) => new ReadOnlyQueue(this.moduleRef.get<Queue>(getQueueToken(name), { strict: false })));
    createBullBoard({
      queues,
      // Of the same shape; each of the two packages has a copy of the types.
      serverAdapter: serverAdapter as unknown as ServerAdapter,
      options: { uiConfig: { boardTitle: 'Lockkeeper queues' } },
    });
    // To the handler of whoever registers it, who knows our errors.
    serverAdapter.setErrorHandler((error) => {
      throw error;
    });
    return serverAdapter.registerPlugin();
  }

  /** @throws RedisAwayError soon, where the board itself would wait. */
  async checkRedis(): Promise<void> {
    await this.breaker.run(() => this.redis.ping());
  }
}

type Shown = ReturnType<BullMQAdapter['getJob']>;

/** Shows jobs as the API does: without secrets, and of long data the beginning. */
class ReadOnlyQueue extends BullMQAdapter {
  constructor(queue: Queue) {
    super(queue, { readOnlyMode: true });
    this.setFormatter('data', (data: unknown) => showRedacted(data).value);
    this.setFormatter('returnValue', (value: unknown) => showRedacted(value).value);
  }

  override async getJob(id: string): Shown {
    const job = await super.getJob(id);
    return job && withoutSecrets(job);
  }

  override async getJobs(
    ...range: Parameters<BullMQAdapter['getJobs']>
  ): ReturnType<BullMQAdapter['getJobs']> {
    return (await super.getJobs(...range)).map(withoutSecrets);
  }

  /** Our jobs write none. */
  override getJobLogs(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

function withoutSecrets<J extends NonNullable<Awaited<Shown>>>(job: J): J {
  const shown = job.toJSON();
  const { failedReason, stacktrace } = shown;
  return Object.assign(job, {
    toJSON: () => ({
      ...shown,
      ...(failedReason && { failedReason: redactText(failedReason) }),
      ...(stacktrace && { stacktrace: stacktrace.map((stack) => stack && redactText(stack, 8_000)) }),
    }),
  });
}
