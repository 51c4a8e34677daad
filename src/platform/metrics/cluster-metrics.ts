import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { collectDefaultMetrics, Counter, type Registry } from 'prom-client';
import { appEnvironmentConfig, type ConfigOf } from '../config/index.js';
import { databaseConfig } from '../database/database.config.js';
import { answerWithin } from '../redis/patience.js';
import type { MetricFamily, MetricSample, ProcessMetrics } from './metric-family.js';
import { PROCESS_REGISTRY } from './metric-providers.js';
import { metricsConfig } from './metrics.config.js';
import { forgetIfLongDead, listNames, ProcessSocket, socketPath } from './process-socket.js';
import { openRunDirectory } from './run-directory.js';
import { askSocket, DeadSocketError } from './socket-exchange.js';

/** Injects what kind of process this is, as it is called in metrics: `api`, `worker`. */
export const METRICS_ROLE = Symbol('metrics:role');

/** A process that does not answer within this is shown as down. */
const ANSWER_TIMEOUT_MS = 200;
/** So that those who look often, or several at once, cost as much as one. */
const READING_AGE_MS = 1_000;
/** Twenty samples a second tell of delays that anybody would notice, for half the cost of prom-client's default. */
const EVENT_LOOP_SAMPLE_MS = 50;

/** What all processes of this machine had counted at one time. */
export interface ClusterReading {
  readonly processes: readonly ProcessMetrics[];
}

/** Shows what this process counts to the others of its machine, and reads what they count. */
@Injectable()
export class ClusterMetrics implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Metrics');
  private directory: string | undefined;
  private socket: ProcessSocket | undefined;
  private current: { reading: Promise<ClusterReading>; atMs: number } | undefined;

  constructor(
    @Inject(PROCESS_REGISTRY) private readonly registry: Registry,
    @Inject(METRICS_ROLE) private readonly role: string,
    @Inject(metricsConfig.token) private readonly config: ConfigOf<typeof metricsConfig>,
    @Inject(appEnvironmentConfig.token) private readonly application: ConfigOf<typeof appEnvironmentConfig>,
    @Inject(databaseConfig.token) private readonly database: ConfigOf<typeof databaseConfig>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.isOn) return;
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
    try {
      await this.openSocket();
    } catch (error) {
      // What the operator has set is to be as it is meant to be; without it, metrics are worth less than the service.
      if (this.config.runDir !== undefined) throw error;
      this.logger.warn('other processes cannot read the metrics of this one', { reason: String(error) });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.socket?.close().catch(() => undefined);
  }

  /** The name of this process among those of its machine: `api-0`. It is its own while it runs, save over a reload. */
  get processName(): string {
    return this.socket?.name ?? `${this.role}-${this.config.instance ?? 0}`;
  }

  /**
   * What each process of this machine has counted, this one among them, at most a second ago. It takes no longer than
   * the slowest process, at the most about 200 ms, and does not fail: a process that hangs or has died is not up.
   */
  read(): Promise<ClusterReading> {
    const now = performance.now();
    if (!this.current || now - this.current.atMs > READING_AGE_MS) {
      this.current = { reading: this.readNow(), atMs: now };
    }
    return this.current.reading;
  }

  private async openSocket(): Promise<void> {
    this.directory = openRunDirectory({
      runDir: this.config.runDir,
      dataDir: this.application.dataDir,
      databaseUrl: this.database.url,
    });
    this.socket = new ProcessSocket(
      this.directory,
      { role: this.role, instance: this.config.instance },
      async () => JSON.stringify(await this.readOwn()),
      (error) => this.logger.warn('this process cannot be found by others', { reason: String(error) }),
    );
    const starts = await this.socket.open();
    new Counter({
      name: 'lockkeeper_process_restarts_total',
      help: 'How often a process of this name has been started again.',
      registers: [this.registry],
    }).inc(starts);
  }

  private async readNow(): Promise<ClusterReading> {
    const own = { process: this.processName, isUp: true, metrics: await this.readOwn() };
    const { directory } = this;
    if (directory === undefined) return { processes: [own] };
    const names = await listNames(directory).catch(() => []);
    const others = names.filter((name) => name !== own.process).map((name) => readOther(directory, name));
    const found = (await Promise.all(others)).filter((other) => other !== undefined);
    const processes = [own, ...found].sort((a, b) => a.process.localeCompare(b.process));
    return { processes };
  }

  /** What this process has counted; JSON has no numbers that are none, so those are left out. */
  private async readOwn(): Promise<MetricFamily[]> {
    const families = (await this.registry.getMetricsAsJSON()) as unknown as MetricFamily[];
    return families.map(({ name, help, type, values }) => ({
      name,
      help,
      type,
      values: values.filter(({ value }) => Number.isFinite(value)).map(sampleOf),
    }));
  }
}

function sampleOf({ labels, value, metricName }: MetricSample): MetricSample {
  return metricName === undefined ? { labels, value } : { labels, value, metricName };
}

/** Undefined for a name that has been forgotten. */
async function readOther(directory: string, process: string): Promise<ProcessMetrics | undefined> {
  const giveUp = new AbortController();
  try {
    const text = await answerWithin(ANSWER_TIMEOUT_MS, () =>
      askSocket(socketPath(directory, process), giveUp.signal),
    );
    return { process, isUp: true, metrics: JSON.parse(text) as MetricFamily[] };
  } catch (error) {
    if (error instanceof DeadSocketError && (await forgetIfLongDead(directory, process))) return undefined;
    return { process, isUp: false, metrics: [] };
  } finally {
    giveUp.abort();
  }
}
