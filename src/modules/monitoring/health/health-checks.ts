import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { appEnvironmentConfig, type ConfigOf } from '../../../platform/config/index.js';
import { queueFindings, redisFindings } from '../domain/findings.js';
import { HealthContributors, type MeasureHealth } from '../health-contributors.js';
import { ProcessWatch } from '../processes/process-watch.js';
import { QueueWatch } from '../processes/queue-watch.js';
import { DiskWatch } from './disk-watch.js';
import { RedisWatch } from './redis-watch.js';

/** Every part is a `Reading`, which comes sooner, so that the report comes within 300 ms whatever hangs. */
const CHECK_TIMEOUT_MS = 1_000;

/** The figures of one part. With a `reason`, the part is degraded. */
type Measured = Record<string, unknown> & { reason?: string };

/** Told why a check failed; the report itself, which is public, does not say. */
export type ReportCause = (part: string, cause: string | undefined) => void;

/** How a part is shown whose check failed. */
interface Failure {
  readonly status: 'down' | 'degraded';
  readonly message: string;
}

interface Part {
  readonly name: string;
  readonly measure: () => Promise<Measured>;
  /** Asked when the check has failed. */
  readonly failure: () => Failure;
}

/** One Terminus health indicator for each part of the service. None takes longer than the time limit. */
@Injectable()
export class HealthChecks {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly processes: ProcessWatch,
    private readonly queues: QueueWatch,
    private readonly redis: RedisWatch,
    private readonly disk: DiskWatch,
    private readonly contributors: HealthContributors,
    @Inject(appEnvironmentConfig.token) private readonly application: ConfigOf<typeof appEnvironmentConfig>,
  ) {}

  /** The checks to run, features' own among them. */
  list(reportCause: ReportCause): Array<() => Promise<HealthIndicatorResult>> {
    const parts = [...this.ownParts(), ...this.contributors.list().map(toPart)];
    return parts.map((part) => () => this.check(part, reportCause));
  }

  private ownParts(): Part[] {
    const degraded = (message: string) => () => ({ status: 'degraded', message }) as const;
    return [
      {
        name: 'mysql',
        measure: () => this.measureMysql(),
        failure: () => ({ status: 'down', message: 'MySQL does not answer.' }),
      },
      {
        name: 'redis',
        measure: () => this.measureRedis(),
        failure: () => ({
          status: this.redis.isTakenForAway ? 'down' : 'degraded',
          message: 'Redis does not take writes; the direct path is in use.',
        }),
      },
      {
        name: 'queues',
        measure: () => this.measureQueues(),
        failure: degraded('The queues cannot be counted.'),
      },
      {
        name: 'workers',
        measure: () => this.measureWorkers(),
        failure: degraded('The workers cannot be counted.'),
      },
      {
        name: 'disk',
        measure: () => this.measureDisk(),
        failure: degraded('The disk does not answer.'),
      },
    ];
  }

  private async check(
    { name, measure, failure }: Part,
    reportCause: ReportCause,
  ): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(name);
    const outcome = (await indicator.attempt(measure).withTimeout(CHECK_TIMEOUT_MS))[name];
    const { status, responseTime, ...figures } = outcome as {
      status: string;
      responseTime: number;
    } & Measured;
    const time = { response_time_ms: responseTime };
    if (status !== 'up') {
      reportCause(name, String(figures['message']));
      const trouble = failure();
      const told = { ...time, message: trouble.message };
      return trouble.status === 'down' ? indicator.down(told) : indicator.degraded(told);
    }
    const { reason, ...rest } = figures;
    reportCause(name, reason);
    return reason === undefined
      ? indicator.up({ ...time, ...rest })
      : indicator.degraded({ ...time, ...rest, message: reason });
  }

  /** The list of the processes is read from MySQL. */
  private async measureMysql(): Promise<Measured> {
    await this.processes.read();
    return {};
  }

  private async measureRedis(): Promise<Measured> {
    const condition = await this.redis.condition.read();
    const findings = redisFindings(condition, this.application.nodeEnv === 'production');
    return {
      eviction_policy: condition.evictionPolicy,
      is_aof_on: condition.isAofOn,
      is_aof_written: condition.isAofWritten,
      used_memory_bytes: condition.usedMemoryBytes,
      memory_limit_bytes: condition.memoryLimitBytes,
      ...reasonOf(findings),
    };
  }

  private async measureQueues(): Promise<Measured> {
    const states = await this.queues.states.read();
    const sum = (state: 'waiting' | 'active' | 'delayed' | 'failed') =>
      states.reduce((total, queue) => total + queue[state], 0);
    const late = queueFindings(states.map((state) => ({ ...state.queue, ...state }))).filter(
      ({ reasonCode }) => reasonCode === 'queue_late',
    );
    return {
      waiting: sum('waiting'),
      active: sum('active'),
      delayed: sum('delayed'),
      failed: sum('failed'),
      by_name: Object.fromEntries(
        states.map(({ queue, waiting, oldestWaitingMs, isPaused }) => [
          queue.name,
          {
            waiting,
            oldest_age_ms: oldestWaitingMs,
            objective_ms: queue.objectiveMs,
            is_paused: isPaused,
          },
        ]),
      ),
      ...reasonOf(late),
    };
  }

  private async measureWorkers(): Promise<Measured> {
    const [processes, connected] = await Promise.all([
      this.processes.read(),
      this.queues.connectedWorkers.tryRead(),
    ]);
    const workers = processes.filter(({ role }) => role === 'worker');
    const active = workers.filter(({ state }) => state === 'alive').length;
    const stuck = workers.filter(({ state }) => state === 'stuck');
    return {
      active,
      stuck: stuck.length,
      lost: workers.filter(({ state }) => state === 'lost').length,
      api_processes: processes.filter(({ role, state }) => role === 'api' && state === 'alive').length,
      // What Redis says of them; null if it cannot tell.
      bullmq_connections: connected?.size ?? null,
      ...reasonOfWorkers(active, stuck.length),
    };
  }

  private async measureDisk(): Promise<Measured> {
    const { freeBytes, totalBytes, isNearlyFull } = await this.disk.room.read();
    return {
      free_bytes: freeBytes,
      total_bytes: totalBytes,
      ...(isNearlyFull ? { reason: 'The disk is nearly full.' } : {}),
    };
  }
}

function toPart([name, read]: [name: string, read: MeasureHealth]): Part {
  return {
    name,
    measure: () => measureFeature(read),
    failure: () => ({ status: 'degraded', message: `The state of ${name} cannot be read.` }),
  };
}

async function measureFeature(read: MeasureHealth): Promise<Measured> {
  const { queueSize, reason, details } = await read();
  return {
    ...details,
    ...(queueSize === undefined ? {} : { queue_size: queueSize }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function reasonOf(findings: readonly { reason: string }[]): { reason?: string } {
  return findings.length > 0 ? { reason: findings.map(({ reason }) => reason).join(' ') } : {};
}

function reasonOfWorkers(active: number, stuck: number): { reason?: string } {
  if (active === 0) return { reason: 'No worker is alive: background work waits.' };
  return stuck > 0 ? { reason: `${stuck} of the workers make no progress.` } : {};
}
