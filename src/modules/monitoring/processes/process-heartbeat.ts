import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Optional,
} from '@nestjs/common';
import { ClusterMetrics } from '../../../platform/metrics/index.js';
import { productVersion } from '../../../platform/process/index.js';
import { JobWorkers } from '../../../platform/queue/index.js';
import { RedisBreaker } from '../../../platform/redis/index.js';
import { WorkInProgress } from '../../../platform/work/index.js';
import { newId } from '../../../shared/ids.js';
import type { ProcessRole } from '../domain/process-state.js';
import { type ProcessCondition, type ProcessDescription, ProcessRepository } from './process.repository.js';

/** Injects what kind of process this is. */
export const PROCESS_ROLE = Symbol('process-role');

const HEARTBEAT_INTERVAL_MS = 2_000;
const BEATS_BETWEEN_CLEANINGS = 30;
/** A database that hangs must not keep a process from stopping; its row then goes stale by itself. */
const FAREWELL_TIMEOUT_MS = 1_000;
const MAX_WORKS_TOLD = 20;
const LAG_RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1_000_000;

/** Shows the other processes that this one is alive, and what it does. */
@Injectable()
export class ProcessHeartbeat implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Heartbeat');
  private readonly description: Omit<ProcessDescription, 'name'>;
  private readonly lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private beats = 0;
  private isFailing = false;
  private isBeating = false;

  constructor(
    @Inject(PROCESS_ROLE) role: ProcessRole,
    private readonly processes: ProcessRepository,
    private readonly work: WorkInProgress,
    private readonly redis: RedisBreaker,
    private readonly metrics: ClusterMetrics,
    @Optional() private readonly workers?: JobWorkers,
  ) {
    this.description = {
      // By this name its connections to Redis are known, too.
      id: workers?.id ?? newId(),
      role,
      host: hostname(),
      pid: process.pid,
      version: productVersion(),
      queues: workers?.activity().map(({ name }) => name) ?? [],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.lag.enable();
    this.timer = setInterval(() => this.startBeat(), HEARTBEAT_INTERVAL_MS).unref();
    this.startBeat();
    await this.running;
  }

  /** A process that stops takes no new work, so it is not counted from now on. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.lag.disable();
    const farewell = this.running
      .then(() => this.processes.remove(this.description.id))
      .catch(() => undefined);
    await Promise.race([farewell, delay(FAREWELL_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private startBeat(): void {
    if (this.isBeating) return;
    this.isBeating = true;
    this.running = this.beat().finally(() => (this.isBeating = false));
  }

  private async beat(): Promise<void> {
    try {
      // Over a reload a process passes its name on to its successor.
      const description = { ...this.description, name: this.metrics.processName };
      await this.processes.beat(description, this.readCondition());
      if (this.beats++ % BEATS_BETWEEN_CLEANINGS === 0) await this.processes.forgetGone();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn('The heartbeat could not be written.', error);
      this.isFailing = true;
    }
  }

  private readCondition(): ProcessCondition {
    const now = Date.now();
    const progressAt = this.work.lastProgressAt;
    return {
      queues: (this.workers?.activity() ?? []).map(({ name, concurrency, active, lastProgressAt }) => ({
        name,
        concurrency,
        active,
        idle_ms: lastProgressAt ? Math.max(0, now - lastProgressAt.getTime()) : null,
      })),
      currentWork: this.work
        .current(MAX_WORKS_TOLD)
        .map(({ kind, id, since }) => ({ kind, id, since: since.toISOString() })),
      sinceProgressMs: progressAt && Math.max(0, now - progressAt.getTime()),
      eventLoopLagMs: this.takeLag(),
      rssBytes: process.memoryUsage.rss(),
      isConnectedToRedis: !this.redis.isOpen,
    };
  }

  /** The longest time since the last beat for which the event loop was held up. */
  private takeLag(): number {
    const longestMs = this.lag.max / NANOSECONDS_PER_MS - LAG_RESOLUTION_MS;
    this.lag.reset();
    return Math.max(0, longestMs);
  }
}
