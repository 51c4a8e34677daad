import { getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { RedisBreaker } from '../redis/index.js';
import type { JobDefinition } from './define-job.js';
import { type QueueDefinition, shardNames } from './define-queue.js';

/** The queues of the product, injected. */
export const QUEUE_DEFINITIONS = Symbol('queue-definitions');

/** What waits and what runs in a queue, over all its shards. */
export interface QueueDepth {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

/** Puts jobs into queues and tells how full they are. */
@Injectable()
export class JobQueue implements OnModuleInit {
  constructor(
    private readonly moduleRef: ModuleRef,
    @Inject(QUEUE_DEFINITIONS) private readonly queues: readonly QueueDefinition[],
    private readonly breaker: RedisBreaker,
  ) {}

  onModuleInit(): void {
    for (const queue of this.queues.flatMap((definition) => this.shardQueues(definition))) {
      // The connection is the process's own, which reports that it is lost; BullMQ would print it for each queue.
      queue.on('error', () => undefined);
    }
  }

  /**
   * Enqueues a job. Returns once Redis has it.
   * @throws a ZodError if the payload does not fit; RedisAwayError, and soon, if Redis is away. A Redis that hung may
   *   have taken the job all the same.
   */
  async enqueue<P>(job: JobDefinition<P>, payload: P): Promise<void> {
    const parsed = job.payload.parse(payload);
    const key = job.idempotency.key(parsed);
    const queue = this.shardQueue(job.queue, job.shardOf(parsed));
    await this.breaker.run(() =>
      queue.add(job.name, parsed, {
        attempts: job.attempts,
        backoff: { type: 'exponential', delay: job.backoffMs },
        removeOnComplete: { count: job.keepCompleted },
        removeOnFail: { count: job.keepFailed },
        ...(job.idempotency.mode === 'once'
          ? { jobId: jobIdOf(key) }
          : { deduplication: { id: key, keepLastIfActive: true } }),
      }),
    );
  }

  /** The jobs of all queues by state. @throws RedisAwayError */
  async depth(queue: QueueDefinition): Promise<QueueDepth> {
    const counts = await this.breaker.run(() =>
      Promise.all(
        this.shardQueues(queue).map((shard) =>
          shard.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
        ),
      ),
    );
    const sum = (state: string) => counts.reduce((total, count) => total + (count[state] ?? 0), 0);
    return {
      waiting: sum('waiting') + sum('prioritized'),
      active: sum('active'),
      delayed: sum('delayed'),
      failed: sum('failed'),
    };
  }

  /** How many workers are connected to any shard of a queue, as Redis tells it. @throws RedisAwayError */
  async connectedWorkers(queue: QueueDefinition): Promise<number> {
    const counts = await this.breaker.run(() =>
      Promise.all(this.shardQueues(queue).map((shard) => shard.getWorkersCount())),
    );
    return Math.max(0, ...counts);
  }

  get definitions(): readonly QueueDefinition[] {
    return this.queues;
  }

  private shardQueues(queue: QueueDefinition): Queue[] {
    return shardNames(queue).map((name) => this.moduleRef.get<Queue>(getQueueToken(name), { strict: false }));
  }

  private shardQueue(queue: QueueDefinition, shard: number): Queue {
    const name = shardNames(queue)[shard];
    if (name === undefined) throw new Error(`The queue ${queue.name} has no shard ${shard}.`);
    return this.moduleRef.get<Queue>(getQueueToken(name), { strict: false });
  }
}

/** BullMQ takes neither whole numbers nor colons in the id of a job. */
function jobIdOf(key: string): string {
  return `once-${encodeURIComponent(key)}`;
}
