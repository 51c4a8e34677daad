import { getQueueToken } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Job, Queue } from 'bullmq';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../redis/index.js';
import { type QueueDefinition, shardNames } from './define-queue.js';
import { dueTimeOf } from './delayed-score.js';
import { JobPages, type JobPosition } from './job-pages.js';
import {
  detailsOf,
  type JobDetails,
  jobStates,
  type JobSummary,
  type ListedState,
  summaryOf,
} from './job-view.js';
import { JobQueue } from './job-queue.js';

/** A queue as operators see it, over all its shards. */
export interface QueueState {
  readonly name: string;
  /** True as soon as one shard is. */
  readonly isPaused: boolean;
  readonly isDrainable: boolean;
  readonly counts: Readonly<Record<ListedState, number>>;
  /** When the job that waits longest was enqueued, in milliseconds since the Unix epoch. */
  readonly oldestWaitingAtMs: number | undefined;
  /** How many worker processes are connected, as Redis tells it. */
  readonly workers: number;
}

/** What came of an operation on one job. */
export type JobOutcome = 'done' | 'not_found' | 'other_state';

/** Jobs that one call moves or removes at most, over all shards: it is to be over within seconds. */
const MAX_JOBS_A_CALL = 10_000;
const JOBS_A_STEP = 250;
/** What many small steps may take on top of the limit for one command. */
const STEP_EXTRA_MS = 2_000;
/** Other processes' clocks may be ahead. */
const FUTURE_MS = 3_600_000;

/**
 * What operators see of the queues and do about them. Every call ends within the limit of `RedisBreaker`, or a little
 * more where it works in steps. @throws RedisAwayError
 */
@Injectable()
export class QueueOperations {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly jobs: JobQueue,
    private readonly breaker: RedisBreaker,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
  ) {}

  /** Every queue there is, by name. */
  list(): Promise<QueueState[]> {
    const definitions = [...this.jobs.definitions].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.breaker.run(() => Promise.all(definitions.map((queue) => this.stateOf(queue))));
  }

  /** Undefined if there is no such queue. */
  async find(name: string): Promise<QueueState | undefined> {
    const queue = this.definition(name);
    return queue && this.breaker.run(() => this.stateOf(queue));
  }

  /** No further job is begun, in any process; what runs goes on. */
  pause(name: string): Promise<void> {
    return this.onShards(name, (shard) => shard.pause());
  }

  /** Jobs are begun again. */
  resume(name: string): Promise<void> {
    return this.onShards(name, (shard) => shard.resume());
  }

  /** Throws away the jobs that wait, 10,000 at most; not those that run or wait for their next try. @returns how many. */
  async drain(name: string): Promise<number> {
    if (this.definition(name)?.isDrainable === false)
      throw new Error(`The queue ${name} must not be drained.`);
    return this.inSteps(
      name,
      (shard) => shard.getJobCountByTypes('waiting'),
      async (shard, count) => (await shard.clean(-FUTURE_MS, count, 'wait')).length,
    );
  }

  /** Has the failed jobs tried again as if they were new, the oldest first, 10,000 at most. @returns how many. */
  retryFailed(name: string): Promise<number> {
    return this.inSteps(
      name,
      (shard) => shard.getFailedCount(),
      async (shard, count) => {
        const rawIds = await this.redis.zrange(shard.toKey('failed'), 0, count - 1);
        const outcomes = await Promise.all(rawIds.map((rawId) => retry(shard, rawId)));
        return outcomes.filter((outcome) => outcome === 'done').length;
      },
    );
  }

  /** A page of jobs; ended ones from the newest on, others in the order in which they come. */
  async listJobs(
    name: string,
    state: ListedState,
    limit: number,
    position?: JobPosition,
  ): Promise<{ jobs: JobSummary[]; next: JobPosition | undefined }> {
    const shards = this.shardsOf(name);
    const pages = new JobPages(this.redis, shards, (shard, rawId) => jobIdOf(shards.length, shard, rawId));
    const { jobs, next } = await this.breaker.run(() => pages.read(state, position, limit), STEP_EXTRA_MS);
    return { jobs: jobs.map(summaryOf), next };
  }

  /** A job with its data. Undefined if there is none, or not any more. */
  findJob(name: string, jobId: string): Promise<JobDetails | undefined> {
    return this.breaker.run(async () => {
      const place = this.placeOf(name, jobId);
      const job = await place?.shard.getJob(place.rawId);
      if (!place || !job) return undefined;
      const state = listedState(await place.shard.getJobState(place.rawId));
      if (!state) return undefined;
      const score = state === 'delayed' && (await this.redis.zscore(place.shard.toKey(state), place.rawId));
      return detailsOf({ job, id: jobId, state, dueAtMs: score ? dueTimeOf(Number(score)) : undefined });
    });
  }

  /** Has a failed job tried again as if it were new. */
  retryJob(name: string, jobId: string): Promise<JobOutcome> {
    return this.breaker.run(async () => {
      const place = this.placeOf(name, jobId);
      return place ? retry(place.shard, place.rawId) : 'not_found';
    });
  }

  /** Takes a job away that does not run. One that waits is not done then, so the queue must be drainable. */
  removeJob(name: string, jobId: string): Promise<JobOutcome> {
    return this.breaker.run(async () => {
      const place = this.placeOf(name, jobId);
      const job = await place?.shard.getJob(place.rawId);
      if (!place || !job) return 'not_found';
      const state = listedState(await place.shard.getJobState(place.rawId));
      const hasEnded = state === 'failed' || state === 'completed';
      if (state === 'active' || (!hasEnded && !this.definition(name)?.isDrainable)) return 'other_state';
      return attempt(() => job.remove());
    });
  }

  private definition(name: string): QueueDefinition | undefined {
    return this.jobs.definitions.find((queue) => queue.name === name);
  }

  private shardsOf(name: string): Queue[] {
    const queue = this.definition(name);
    if (!queue) throw new Error(`There is no queue ${name}.`);
    return shardNames(queue).map((shard) =>
      this.moduleRef.get<Queue>(getQueueToken(shard), { strict: false }),
    );
  }

  /** Where the job with an id that we gave out is; undefined for any other text. */
  private placeOf(name: string, jobId: string): { shard: Queue; rawId: string } | undefined {
    const shards = this.shardsOf(name);
    if (shards.length === 1) return shards[0] && { shard: shards[0], rawId: jobId };
    const [, index, rawId] = /^(\d{1,4}):(.+)$/s.exec(jobId) ?? [];
    const shard = shards[Number(index)];
    return shard && rawId !== undefined ? { shard, rawId } : undefined;
  }

  private async stateOf(queue: QueueDefinition): Promise<QueueState> {
    const shards = this.shardsOf(queue.name);
    const [counts, pauses, oldest, workers] = await Promise.all([
      Promise.all(shards.map((shard) => shard.getJobCounts('prioritized', ...jobStates))),
      Promise.all(shards.map((shard) => shard.isPaused())),
      Promise.all(shards.map(oldestWaitingAtMs)),
      // Every worker process works on all shards.
      shards[0]?.getWorkersCount() ?? 0,
    ]);
    const sum = (state: string) => counts.reduce((total, count) => total + (count[state] ?? 0), 0);
    const times = oldest.filter((time) => time !== undefined);
    return {
      name: queue.name,
      isPaused: pauses.includes(true),
      isDrainable: queue.isDrainable,
      counts: {
        waiting: sum('waiting') + sum('prioritized'),
        active: sum('active'),
        delayed: sum('delayed'),
        failed: sum('failed'),
        completed: sum('completed'),
      },
      oldestWaitingAtMs: times.length === 0 ? undefined : Math.min(...times),
      workers,
    };
  }

  private async onShards(name: string, work: (shard: Queue) => Promise<void>): Promise<void> {
    await this.breaker.run(() => Promise.all(this.shardsOf(name).map(work)), STEP_EXTRA_MS);
  }

  /** Works on as many jobs of each shard as there are at the beginning, in steps; what comes meanwhile is left. */
  private async inSteps(
    name: string,
    countOf: (shard: Queue) => Promise<number>,
    step: (shard: Queue, count: number) => Promise<number>,
  ): Promise<number> {
    let total = 0;
    for (const shard of this.shardsOf(name)) {
      let left = Math.min(await this.breaker.run(() => countOf(shard)), MAX_JOBS_A_CALL - total);
      while (left > 0) {
        const count = Math.min(left, JOBS_A_STEP);
        // Each step has a limit of its own: many together say nothing about Redis.
        const done = await this.breaker.run(() => step(shard, count), STEP_EXTRA_MS);
        if (done === 0) break;
        left -= done;
        total += done;
      }
    }
    return total;
  }
}

function jobIdOf(shards: number, shard: number, rawId: string): string {
  return shards === 1 ? rawId : `${shard}:${rawId}`;
}

function listedState(state: string): ListedState | undefined {
  if (state === 'prioritized') return 'waiting';
  return jobStates.find((listed) => listed === state);
}

async function oldestWaitingAtMs(shard: Queue): Promise<number | undefined> {
  const [rawId] = await shard.getRanges(['waiting'], 0, 0, true);
  const job = rawId === undefined ? undefined : await shard.getJob(rawId);
  return job?.timestamp;
}

async function retry(shard: Queue, rawId: string): Promise<JobOutcome> {
  const job: Job | undefined = await shard.getJob(rawId);
  if (!job) return 'not_found';
  return attempt(() => job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }));
}

/** BullMQ's codes: there is no such job; it is in another state. */
const NO_JOB_CODE = -1;
const OTHER_STATE_CODE = -3;
/** It has no code for a job that a worker has. */
const IS_LOCKED = /because it is locked/;

async function attempt(work: () => Promise<void>): Promise<JobOutcome> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as { code?: unknown };
    if (code === NO_JOB_CODE) return 'not_found';
    if (code === OTHER_STATE_CODE || IS_LOCKED.test(error.message)) return 'other_state';
    throw error;
  }
}
