import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { JobQueue } from '../../platform/queue/index.js';
import { DURABLE_REDIS, RedisBreaker, type RedisClient } from '../../platform/redis/index.js';
import { HealthContributors, type MeasureHealth } from './health-contributors.js';
import { ProcessRepository } from './process.repository.js';

/** One part must answer within this, so that the report comes within 300 ms whatever hangs. */
const CHECK_TIMEOUT_MS = 200;
/** BullMQ's count lists every client of Redis, so it is asked for more rarely. */
const BULLMQ_COUNT_AGE_MS = 10_000;
const PROBE_KEY_TTL_SECONDS = 60;

/** The figures of one part. With a `reason`, the part is degraded. */
type Measured = Record<string, unknown> & { reason?: string };

/** Told why a check failed; the report itself, which is public, does not say. */
export type ReportCause = (part: string, cause: string | undefined) => void;

/** One Terminus health indicator for each part of the service. None takes longer than the time limit. */
@Injectable()
export class HealthChecks {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly processes: ProcessRepository,
    private readonly jobs: JobQueue,
    private readonly contributors: HealthContributors,
    @Inject(DURABLE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
  ) {}

  /** The checks to run, features' own among them. */
  list(reportCause: ReportCause): Array<() => Promise<HealthIndicatorResult>> {
    const check = (
      part: string,
      measure: () => Promise<Measured>,
      failure: { status: 'down' | 'degraded'; message: string },
    ) => this.check(part, measure, failure, reportCause);
    const { breaker } = this;
    return [
      () => check('mysql', () => this.measureMysql(), { status: 'down', message: 'MySQL does not answer.' }),
      () =>
        check('redis', () => this.measureRedis(), {
          // A check may also be late because this process is; the breaker can tell.
          get status() {
            return breaker.isOpen ? 'down' : 'degraded';
          },
          message: 'Redis does not take writes; the direct path is in use.',
        }),
      () =>
        check('queues', () => this.measureQueues(), {
          status: 'degraded',
          message: 'The queues cannot be counted.',
        }),
      () =>
        check('workers', () => this.measureWorkers(), {
          status: 'degraded',
          message: 'The workers cannot be counted.',
        }),
      ...this.contributors.list().map(
        ([name, measure]) =>
          () =>
            check(name, () => measureFeature(measure), {
              status: 'degraded',
              message: `The state of ${name} cannot be read.`,
            }),
      ),
    ];
  }

  private async check(
    part: string,
    measure: () => Promise<Measured>,
    failure: { status: 'down' | 'degraded'; message: string },
    reportCause: ReportCause,
  ): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(part);
    const outcome = (await indicator.attempt(measure).withTimeout(CHECK_TIMEOUT_MS))[part];
    const { status, responseTime, ...figures } = outcome as {
      status: string;
      responseTime: number;
    } & Measured;
    const time = { response_time_ms: responseTime };
    if (status !== 'up') {
      reportCause(part, String(figures['message']));
      const trouble = { ...time, message: failure.message };
      return failure.status === 'down' ? indicator.down(trouble) : indicator.degraded(trouble);
    }
    const { reason, ...rest } = figures;
    reportCause(part, reason);
    return reason === undefined
      ? indicator.up({ ...time, ...rest })
      : indicator.degraded({ ...time, ...rest, message: reason });
  }

  private async measureMysql(): Promise<Measured> {
    await this.processes.countAlive(CHECK_TIMEOUT_MS);
    return {};
  }

  /** A PING would also be answered by a Redis that is full or read-only, so a key is written. */
  private async measureRedis(): Promise<Measured> {
    const memory = await this.breaker.run(async () => {
      await this.redis.set('lockkeeper:health', Date.now(), 'EX', PROBE_KEY_TTL_SECONDS);
      return this.redis.info('memory');
    });
    const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
    if (policy === undefined) return {};
    return policy === 'noeviction'
      ? { eviction_policy: policy }
      : {
          eviction_policy: policy,
          reason: 'Redis may evict queued work: set maxmemory-policy noeviction there.',
        };
  }

  private async measureQueues(): Promise<Measured> {
    const depths = await Promise.all(this.jobs.definitions.map((queue) => this.jobs.depth(queue)));
    const sum = (state: 'waiting' | 'active' | 'delayed' | 'failed') =>
      depths.reduce((total, depth) => total + depth[state], 0);
    return { waiting: sum('waiting'), active: sum('active'), delayed: sum('delayed'), failed: sum('failed') };
  }

  private async measureWorkers(): Promise<Measured> {
    const [alive, connections] = await Promise.all([
      this.processes.countAlive(CHECK_TIMEOUT_MS),
      this.countBullmqConnections(),
    ]);
    return {
      active: alive.worker,
      api_processes: alive.api,
      bullmq_connections: connections,
      ...(alive.worker === 0 ? { reason: 'No worker is alive: background work waits.' } : {}),
    };
  }

  /** What Redis says of the connected workers, null if it cannot tell; to be held against the heartbeats. */
  private async countBullmqConnections(): Promise<number | null> {
    const counted = await this.indicators
      .check('bullmq')
      .attempt(async () => {
        const counts = this.jobs.definitions.map((queue) => this.jobs.connectedWorkers(queue));
        return { connections: Math.max(0, ...(await Promise.all(counts))) };
      })
      .withTimeout(CHECK_TIMEOUT_MS / 2)
      .cacheFor(BULLMQ_COUNT_AGE_MS);
    return counted.bullmq.status === 'up' ? (counted.bullmq['connections'] as number) : null;
  }
}

async function measureFeature(measure: MeasureHealth): Promise<Measured> {
  const { queueSize, reason, details } = await measure();
  return {
    ...details,
    ...(queueSize === undefined ? {} : { queue_size: queueSize }),
    ...(reason === undefined ? {} : { reason }),
  };
}
