import { getQueueToken } from '@nestjs/bullmq';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService, ModuleRef, Reflector } from '@nestjs/core';
import { type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import type { ConfigOf } from '../config/index.js';
import { withLogFields } from '../logging/index.js';
import { newId } from '../../shared/ids.js';
import { redisConfig, waitingOptions } from '../redis/index.js';
import { type SpanDescription, withSpan } from '../tracing/index.js';
import { ShutdownTimer } from '../time/index.js';
import { WorkInProgress } from '../work/index.js';
import type { JobDefinition, JobHandler } from './define-job.js';
import { type QueueDefinition, shardNames } from './define-queue.js';
import { HANDLES_JOB } from './handles.js';
import { JobMetrics } from './job-metrics.js';
import { QueueActivities, type QueueActivity } from './queue-activity.js';
import { queueConfig } from './queue.config.js';

/** The jobs of the product, injected. */
export const JOB_DEFINITIONS = Symbol('job-definitions');

/** How long aborted jobs have until they are left to the workers that find them stalled. */
const ABORT_MS = 1_000;

type AnyJob = JobDefinition;
type AnyHandler = JobHandler<AnyJob>;

/** Runs the jobs of all queues in this process, each by its handler. */
@Injectable()
export class JobWorkers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  /** How this process is called among the workers that Redis knows (`JobQueue.connectedWorkerIds`). */
  readonly id = newId();
  private readonly workers: { readonly queue: QueueDefinition; readonly worker: Worker }[] = [];
  private readonly queues: readonly QueueDefinition[];
  private readonly activities: QueueActivities;
  private handlers: ReadonlyMap<string, AnyHandler> = new Map();
  private stopping: Promise<void> | undefined;

  constructor(
    @Inject(JOB_DEFINITIONS) private readonly jobs: readonly AnyJob[],
    @Inject(redisConfig.token) private readonly redis: ConfigOf<typeof redisConfig>,
    @Inject(queueConfig.token) private readonly config: ConfigOf<typeof queueConfig>,
    private readonly shutdownTimer: ShutdownTimer,
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly moduleRef: ModuleRef,
    private readonly metrics: JobMetrics,
    private readonly work: WorkInProgress,
  ) {
    this.queues = chooseQueues([...new Set(jobs.map((job) => job.queue))], config.workedQueues);
    this.activities = new QueueActivities(this.queues, (queue) => this.concurrencyOf(queue));
  }

  async onApplicationBootstrap(): Promise<void> {
    this.handlers = this.findHandlers();
    for (const queue of this.queues) {
      for (const name of shardNames(queue)) await this.startWorker(queue, name);
    }
    this.logger.log('worker started', { queues: this.queues.map(({ name }) => name) });
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.stop();
  }

  /**
   * Takes no new job, gives running ones until the deadline, then aborts them; BullMQ hands those to others. For those
   * who have something to do after the last job, since nothing orders the hooks of a shutdown.
   */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    const remainingMs = this.shutdownTimer.remainingMs();
    await Promise.all(this.workers.map(({ worker }) => stopWorker(worker, remainingMs)));
  }

  /** Begins no further job of some queues, in this process; what runs goes on, and other queues are worked on. */
  async takeNoMore(queueNames: readonly string[]): Promise<void> {
    const chosen = this.workers.filter(({ queue }) => queueNames.includes(queue.name));
    await Promise.all(chosen.map(({ worker }) => worker.pause(true)));
  }

  /** What this process does for each queue. */
  activity(): QueueActivity[] {
    return this.activities.list();
  }

  /** How many BullMQ workers of this process are running. */
  get runningWorkers(): number {
    return this.workers.filter(({ worker }) => worker.isRunning()).length;
  }

  private findHandlers(): Map<string, AnyHandler> {
    const found = new Map<string, AnyHandler>();
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const job = this.reflector.get<AnyJob | undefined>(HANDLES_JOB, metatype);
      if (!job) continue;
      if (found.has(job.name)) throw new Error(`The job ${job.name} has two handlers.`);
      found.set(job.name, instance as AnyHandler);
    }
    const missing = this.jobs.filter((job) => !found.has(job.name)).map((job) => job.name);
    if (missing.length > 0) throw new Error(`These jobs have no handler: ${missing.join(', ')}.`);
    const unlisted = [...found.keys()].filter((name) => !this.jobs.some((job) => job.name === name));
    if (unlisted.length > 0)
      throw new Error(`These jobs are not listed in app.jobs.ts: ${unlisted.join(', ')}.`);
    return found;
  }

  private async startWorker(queue: QueueDefinition, name: string): Promise<void> {
    if (queue.isSerial) {
      await this.moduleRef.get<Queue>(getQueueToken(name), { strict: false }).setGlobalConcurrency(1);
    }
    const worker = new Worker(name, (job, _token, signal) => this.run(queue, job, signal), {
      name: this.id,
      connection: { url: this.redis.durableUrl, ...waitingOptions() },
      prefix: this.config.prefix,
      concurrency: this.concurrencyOf(queue),
      lockDuration: queue.lockDurationMs,
      stalledInterval: queue.lockDurationMs / 2,
      maxStalledCount: 100,
    });
    worker.on('error', (error) => this.logger.warn(`The worker of ${name} has lost Redis: ${error.message}`));
    worker.on('failed', (job, error) => this.reportFailure(job, error));
    await worker.waitUntilReady();
    this.workers.push({ queue, worker });
  }

  private concurrencyOf(queue: QueueDefinition): number {
    return queue.isSerial || this.config.concurrency === 0 ? queue.concurrency : this.config.concurrency;
  }

  private async run(queue: QueueDefinition, job: Job, cancelled: AbortSignal | undefined): Promise<void> {
    const endActivity = this.activities.begin(queue.name);
    const endWork = this.work.begin(job.name, job.id ?? job.name);
    try {
      await withSpan(
        () => spanOf(queue, job),
        () => this.handle(job, cancelled),
      );
    } finally {
      endWork();
      endActivity();
    }
  }

  private async handle(job: Job, cancelled: AbortSignal | undefined): Promise<void> {
    const definition = this.jobs.find((candidate) => candidate.name === job.name);
    const handler = this.handlers.get(job.name);
    if (!definition || !handler) throw new UnrecoverableError(`No code here knows the job ${job.name}.`);
    const payload = definition.payload.safeParse(job.data);
    if (!payload.success) throw new UnrecoverableError(`The payload does not fit: ${payload.error.message}`);
    const timeout = AbortSignal.timeout(definition.timeoutMs);
    const signal = cancelled ? AbortSignal.any([cancelled, timeout]) : timeout;
    const jobId = job.id ?? job.name;
    const startedAt = performance.now();
    try {
      await withLogFields({ job_id: jobId, job_name: job.name }, () =>
        abortable(handler.handle(payload.data, { jobId, attempt: job.attemptsMade + 1, signal }), signal),
      );
      this.metrics.finished(job.name, 'completed', startedAt);
    } catch (error) {
      this.metrics.finished(job.name, 'failed', startedAt);
      throw error;
    }
  }

  private reportFailure(job: Job | undefined, error: Error): void {
    const fields = {
      job_id: job?.id,
      job_name: job?.name,
      attempt: job?.attemptsMade,
      attempts: job?.opts.attempts,
    };
    const isFinal = !job || job.attemptsMade >= (job.opts.attempts ?? 1);
    if (isFinal) this.logger.error('job failed for good', error, fields);
    else this.logger.warn('job requeued', { ...fields, reason: error.message });
  }
}

/** @throws if there is no queue of a name. */
function chooseQueues(queues: readonly QueueDefinition[], names: string): readonly QueueDefinition[] {
  const chosen = names.split(',').map((name) => name.trim());
  if (names.trim() === '') return queues;
  const unknown = chosen.filter((name) => !queues.some((queue) => queue.name === name));
  if (unknown.length > 0) {
    const known = queues.map(({ name }) => name).join(', ');
    throw new Error(
      `LOCKKEEPER_WORKER_QUEUES: there is no queue '${unknown.join("', '")}'; there are ${known}.`,
    );
  }
  return queues.filter(({ name }) => chosen.includes(name));
}

/** A part of the trace of the request that has put the job in, if that is traced. */
function spanOf(queue: QueueDefinition, job: Job): SpanDescription {
  return {
    name: job.name,
    kind: 'consumer',
    parent: job.opts.telemetry?.metadata,
    attributes: {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue.name,
      'messaging.message.id': job.id ?? '',
      'lockkeeper.attempt': job.attemptsMade + 1,
    },
  };
}

async function stopWorker(worker: Worker, remainingMs: number): Promise<void> {
  const closed = worker.close().then(() => true);
  if (await Promise.race([closed, delay(remainingMs, false, { ref: false })])) return;
  worker.cancelAllJobs('the process stops');
  if (await Promise.race([closed, delay(ABORT_MS, false, { ref: false })])) return;
  // Without Redis the worker would wait to say goodbye for as long as that takes.
  worker.disconnect().catch(() => undefined);
}

/** Fails as soon as the signal is aborted, also if the work ignores it. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () =>
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
