import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Job, Queue, Worker } from 'bullmq';
import type { ConfigOf } from '../config/index.js';
import {
  DURABLE_REDIS,
  RedisBreaker,
  type RedisClient,
  redisConfig,
  waitingOptions,
} from '../redis/index.js';
import { queueConfig } from './queue.config.js';

/** A schedule as Redis has it. */
export interface CronSchedule {
  readonly id: string;
  readonly cron: string | undefined;
  /** When it fires next, in milliseconds since the Unix epoch; undefined if Redis does not say. */
  readonly nextMs: number | undefined;
}

/** That a schedule has fired. */
export interface CronFiring {
  readonly id: string;
  readonly cron: string;
  /** The time it was set to fire at, by the clock of the process that set it. */
  readonly setForMs: number;
}

const QUEUE_NAME = 'schedules';
/** The next job of a schedule is made when one is begun, so none may wait for another. */
const CONCURRENCY = 20;
const LOCK_MS = 30_000;
const KEPT_FAILURES = 50;
const CLOSE_MS = 2_000;
/** More than there are tasks. */
const MAX_SCHEDULES = 1_000;

/** Schedules by cron in Redis (BullMQ's job schedulers), on a queue of their own; they fire in some process. */
@Injectable()
export class CronSchedules {
  private readonly logger = new Logger('Schedules');
  private readonly queue: Queue;
  private worker: Worker | undefined;

  constructor(
    @Inject(DURABLE_REDIS) connection: RedisClient,
    private readonly breaker: RedisBreaker,
    @Inject(redisConfig.token) private readonly redis: ConfigOf<typeof redisConfig>,
    @Inject(queueConfig.token) private readonly config: ConfigOf<typeof queueConfig>,
  ) {
    // As the queues of jobs: it fails at once while Redis is away, and recovers by itself.
    this.queue = new Queue(QUEUE_NAME, {
      connection,
      prefix: config.prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
    });
    this.queue.on('error', () => undefined);
  }

  /** @throws RedisAwayError */
  async list(): Promise<CronSchedule[]> {
    const schedules = await this.breaker.run(() => this.queue.getJobSchedulers(0, MAX_SCHEDULES - 1, true));
    return schedules.map(({ key, pattern, next }) => ({ id: key, cron: pattern, nextMs: next }));
  }

  /** Makes a schedule, or sets it anew; in UTC. @throws RedisAwayError */
  async upsert(id: string, cron: string): Promise<void> {
    await this.breaker.run(() =>
      this.queue.upsertJobScheduler(
        id,
        { pattern: cron, tz: 'UTC' },
        {
          name: id,
          data: {},
          opts: { attempts: 1, removeOnComplete: true, removeOnFail: { count: KEPT_FAILURES } },
        },
      ),
    );
  }

  /** @throws RedisAwayError */
  async remove(id: string): Promise<void> {
    await this.breaker.run(() => this.queue.removeJobScheduler(id));
  }

  /** Has this process told of schedules that fire; each firing is told to one process. */
  listen(onFired: (firing: CronFiring) => Promise<void>): void {
    const worker = new Worker(QUEUE_NAME, (job) => onFired(firingOf(job)), {
      connection: { url: this.redis.durableUrl, ...waitingOptions() },
      prefix: this.config.prefix,
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
    });
    worker.on('error', (error) =>
      this.logger.debug('the worker of the schedules has lost Redis', { reason: error.message }),
    );
    worker.on('failed', (job, error) =>
      this.logger.warn('a schedule fired in vain', { task: job?.name, reason: error.message }),
    );
    this.worker = worker;
  }

  /** Is told of no further firing. Without Redis it does not wait to say goodbye. */
  async stop(): Promise<void> {
    const { worker } = this;
    if (!worker) return;
    const closed = worker.close().then(() => true);
    if (await Promise.race([closed, delay(CLOSE_MS, false, { ref: false })])) return;
    worker.disconnect().catch(() => undefined);
  }
}

/** What BullMQ's types leave out. */
type ScheduledJobOptions = Job['opts'] & { repeat?: { pattern?: string } };

function firingOf(job: Job): CronFiring {
  const { prevMillis, repeat, delay: delayMs = 0 } = job.opts as ScheduledJobOptions;
  return { id: job.name, cron: repeat?.pattern ?? '', setForMs: prevMillis ?? job.timestamp + delayMs };
}
