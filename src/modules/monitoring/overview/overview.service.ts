import { Inject, Injectable } from '@nestjs/common';
import { appEnvironmentConfig, type ConfigOf } from '../../../platform/config/index.js';
import { JobQueue, type MeasuredQueue } from '../../../platform/queue/index.js';
import { formatCoins, MICRO_COINS_PER_COIN } from '../../../shared/money.js';
import {
  errorFindings,
  processFindings,
  queueFindings,
  type RedisCondition,
  redisFindings,
  storeFindings,
} from '../domain/findings.js';
import { type JudgedProcess, processStates } from '../domain/process-state.js';
import type { Rates } from '../domain/rates.js';
import { type Finding, judge } from '../domain/verdicts.js';
import { type HealthContribution, HealthContributors, type OverviewFigures } from '../health-contributors.js';
import { RedisWatch } from '../health/redis-watch.js';
import { ProcessWatch } from '../processes/process-watch.js';
import { QueueWatch } from '../processes/queue-watch.js';
import { type Overview, toVerdictAnswer } from './overview.dto.js';
import { RateMeter } from './rate-meter.js';

/** So that those who look often cost as much as one. */
const OVERVIEW_AGE_MS = 900;

/** Everything that was found out for one overview; undefined is what could not be. */
interface Facts {
  readonly redis: RedisCondition | undefined;
  readonly queues: readonly MeasuredQueue[] | undefined;
  readonly processes: readonly JudgedProcess[] | undefined;
  readonly contributions: readonly HealthContribution[];
  readonly rates: Rates | undefined;
}

/** How the whole product is, as far as this process can find out within a moment. */
@Injectable()
export class OverviewService {
  private current: { overview: Promise<Overview>; atMs: number } | undefined;

  constructor(
    private readonly redis: RedisWatch,
    private readonly queues: QueueWatch,
    private readonly processes: ProcessWatch,
    private readonly contributors: HealthContributors,
    private readonly meter: RateMeter,
    private readonly jobs: JobQueue,
    @Inject(appEnvironmentConfig.token) private readonly application: ConfigOf<typeof appEnvironmentConfig>,
  ) {}

  /** The overview, at most a second old. It comes within about 300 ms, whatever hangs, and does not fail. */
  read(): Promise<Overview> {
    const now = performance.now();
    if (!this.current || now - this.current.atMs > OVERVIEW_AGE_MS) {
      this.current = { overview: this.collect(), atMs: now };
    }
    return this.current.overview;
  }

  private async collect(): Promise<Overview> {
    const [redis, queues, processes, contributions, rates] = await Promise.all([
      this.redis.condition.tryRead(),
      this.queues.states.tryRead(),
      this.processes.read().catch(() => undefined),
      this.readContributions(),
      this.meter.read(),
    ]);
    const facts: Facts = { redis, queues, processes, contributions, rates };
    const verdicts = judge(this.findingsOf(facts));
    return {
      at: new Date().toISOString(),
      verdicts: {
        flow: toVerdictAnswer(verdicts.flow),
        execution: toVerdictAnswer(verdicts.execution),
        liveness: toVerdictAnswer(verdicts.liveness),
      },
      redis: redis ? 'up' : 'down',
      mysql: processes ? 'up' : 'down',
      ...rateFigures(rates),
      queues: this.queueFigures(queues),
      processes: countStates(processes),
      ...featureFigures(contributions),
    };
  }

  private async readContributions(): Promise<HealthContribution[]> {
    const read = this.contributors.list().map(([, contribution]) => contribution().catch(() => undefined));
    return (await Promise.all(read)).filter((contribution) => contribution !== undefined);
  }

  private findingsOf({ redis, queues, processes, contributions, rates }: Facts): Finding[] {
    const isAofExpected = this.application.nodeEnv === 'production';
    return [
      ...storeFindings(processes !== undefined, redis !== undefined),
      ...(redis ? redisFindings(redis, isAofExpected) : []),
      ...queueFindings((queues ?? []).map((state) => ({ ...state.queue, ...state }))),
      ...(processes ? processFindings(processes) : []),
      ...contributions.flatMap(({ findings }) => findings ?? []),
      ...errorFindings({
        requestsPerSecond: rates?.requestsPerSecond ?? null,
        errorsPerSecond: rates?.errorsPerSecond ?? null,
      }),
    ];
  }

  private queueFigures(states: readonly MeasuredQueue[] | undefined): Overview['queues'] {
    return this.jobs.definitions.map(({ name, objectiveMs }) => {
      const state = states?.find(({ queue }) => queue.name === name);
      return {
        name,
        waiting: state?.waiting ?? null,
        active: state?.active ?? null,
        delayed: state?.delayed ?? null,
        failed: state?.failed ?? null,
        oldest_age_ms: state?.oldestWaitingMs ?? null,
        objective_ms: objectiveMs,
        is_paused: state?.isPaused ?? null,
      };
    });
  }
}

function countStates(processes: readonly JudgedProcess[] | undefined): Overview['processes'] {
  const [alive = null, stuck = null, lost = null] = processStates.map((state) =>
    processes ? processes.filter((process) => process.state === state).length : null,
  );
  return { alive, stuck, lost };
}

function rateFigures(rates: Rates | undefined): Pick<Overview, 'rates' | 'latency_ms'> {
  const rounded = (value: number | null | undefined) =>
    value === null || value === undefined ? null : Math.round(value * 100) / 100;
  return {
    rates: {
      turns_per_s: rounded(rates?.turnsPerSecond),
      logs_per_s: rounded(rates?.logsPerSecond),
      coins_per_s: rates
        ? formatCoins(BigInt(Math.round(rates.coinsPerSecond * Number(MICRO_COINS_PER_COIN))))
        : null,
      requests_per_s: rounded(rates?.requestsPerSecond),
      errors_per_s: rounded(rates?.errorsPerSecond),
    },
    latency_ms: { p50: rounded(rates?.latencyP50Ms), p95: rounded(rates?.latencyP95Ms) },
  };
}

/** The figures of features. Of one that two parts know (turns wait in Redis, and in MySQL) the larger counts. */
function featureFigures(contributions: readonly HealthContribution[]): {
  [Name in keyof OverviewFigures]: OverviewFigures[Name] | null;
} {
  const all = contributions.flatMap(({ figures }) => figures ?? []);
  const largest = (name: Exclude<keyof OverviewFigures, 'scheduler'>) => {
    const known = all.map((figures) => figures[name]).filter((value) => typeof value === 'number');
    return known.length > 0 ? Math.max(...known) : null;
  };
  return {
    scheduler: all.find(({ scheduler }) => scheduler)?.scheduler ?? null,
    save_lag_ms: largest('save_lag_ms'),
    parked_conversations: largest('parked_conversations'),
    quarantined_entries: largest('quarantined_entries'),
    log_backlog_bytes: largest('log_backlog_bytes'),
  };
}
