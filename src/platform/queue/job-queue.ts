import { getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Job, Queue } from 'bullmq';
import { RedisBreaker } from '../redis/index.js';
import { currentTraceparent } from '../tracing/index.js';
import type { JobDefinition } from './define-job.js';
import { type QueueDefinition, shardNames } from './define-queue.js';

/** The queues of the product, injected. */
export const QUEUE_DEFINITIONS = Symbol('queue-definitions');

/** How BullMQ marks, in the name of a connection to Redis, the name of the worker. */
const WORKER_NAME_MARK = ':w:';

/** What waits and what runs in a queue, over all its shards. */
export interface QueueDepth {
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

/** A queue as it stands. */
export interface QueueState extends QueueDepth {
  readonly queue: QueueDefinition;
  /** How long the oldest job has waited to be begun, or begun again; null if none waits. */
  readonly oldestWaitingMs: number | null;
  /** Whether any of its shards is paused. */
  readonly isPaused: boolean;
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
    const traceparent = currentTraceparent();
    await this.breaker.run(() =>
      queue.add(job.name, parsed, {
        attempts: job.attempts,
        backoff: { type: 'exponential', delay: job.backoffMs },
        removeOnComplete: { count: job.keepCompleted },
        removeOnFail: { count: job.keepFailed },
        ...(traceparent === undefined ? {} : { telemetry: { metadata: traceparent } }),
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

  /** How full every queue is, and since when its oldest job waits. @throws RedisAwayError */
  states(): Promise<QueueState[]> {
    return Promise.all(this.queues.map((queue) => this.state(queue)));
  }

  /**
   * The worker processes whose connections Redis knows: those with a `JobWorkers.id` here are connected.
   * @throws RedisAwayError
   */
  async connectedWorkerIds(): Promise<Set<string>> {
    const lists = await this.breaker.run(() =>
      // A process works for all shards of a queue, so that one of them tells of it.
      Promise.all(this.queues.map((queue) => this.shardQueue(queue, 0).getWorkers())),
    );
    const names = lists.flat().map((client) => client['rawname'] ?? '');
    return new Set(names.flatMap((name) => name.split(WORKER_NAME_MARK).slice(1)));
  }

  get definitions(): readonly QueueDefinition[] {
    return this.queues;
  }

  private async state(queue: QueueDefinition): Promise<QueueState> {
    const shards = this.shardQueues(queue);
    const [depth, oldest, paused] = await Promise.all([
      this.depth(queue),
      this.breaker.run(() => Promise.all(shards.map((shard) => shard.getJobs(['waiting'], 0, 0, true)))),
      this.breaker.run(() => Promise.all(shards.map((shard) => shard.isPaused()))),
    ]);
    const now = Date.now();
    const ages = oldest.flat().flatMap((job) => (job ? [now - waitingSince(job)] : []));
    return {
      queue,
      ...depth,
      oldestWaitingMs: ages.length > 0 ? Math.max(0, ...ages) : null,
      isPaused: paused.includes(true),
    };
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

/** A job that is tried again has waited since its last try, or since the end of the pause after it. */
function waitingSince({ timestamp, delay, processedOn }: Job): number {
  return Math.max(timestamp + delay, processedOn ?? 0);
}

/** BullMQ takes neither whole numbers nor colons in the id of a job. */
function jobIdOf(key: string): string {
  return `once-${encodeURIComponent(key)}`;
}
