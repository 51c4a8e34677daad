import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { gauge } from '../../platform/metrics/index.js';
import { scheduleModes } from './domain/redis-switch.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';

export const scheduleGaugeProviders = [
  gauge('lockkeeper_schedule_mode', 'How the schedules are driven: 1 for the mode.', ['mode']),
  gauge('lockkeeper_schedule_lease_held', 'Whether a worker looks after the schedules (1) or not (0).', []),
  gauge('lockkeeper_schedule_lease_epoch', 'How often the schedules have changed hands.', []),
  gauge('lockkeeper_schedule_last_success_timestamp_seconds', 'When a periodic task last succeeded.', [
    'task',
  ]),
  gauge('lockkeeper_schedule_paused', 'Whether a periodic task is paused (1) or not (0).', ['task']),
];

type CollectingGauge = Gauge & { collect?: () => Promise<void> };

/** Shows Prometheus, at each scrape, what the database knows of the schedules: it is the same from every process. */
@Injectable()
export class ScheduleGauges implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Scheduler');
  private readonly collectLease = () => this.attempt(() => this.readLease());
  private readonly collectTasks = () => this.attempt(() => this.readTasks());

  constructor(
    private readonly operations: ScheduleOperations,
    @InjectMetric('lockkeeper_schedule_mode') private readonly mode: CollectingGauge,
    @InjectMetric('lockkeeper_schedule_lease_held') private readonly held: CollectingGauge,
    @InjectMetric('lockkeeper_schedule_lease_epoch') private readonly epoch: CollectingGauge,
    @InjectMetric('lockkeeper_schedule_last_success_timestamp_seconds')
    private readonly lastSuccess: CollectingGauge,
    @InjectMetric('lockkeeper_schedule_paused') private readonly paused: CollectingGauge,
  ) {}

  onModuleInit(): void {
    // Metrics are read side by side, so each has to be up to date by itself.
    for (const metric of [this.mode, this.held, this.epoch]) metric.collect = this.collectLease;
    for (const metric of [this.lastSuccess, this.paused]) metric.collect = this.collectTasks;
  }

  onModuleDestroy(): void {
    for (const metric of [this.mode, this.held, this.epoch, this.lastSuccess, this.paused]) {
      if (metric.collect === this.collectLease || metric.collect === this.collectTasks) delete metric.collect;
    }
  }

  private async readLease(): Promise<void> {
    const state = await this.operations.overview();
    for (const mode of scheduleModes) this.mode.set({ mode }, mode === state.mode ? 1 : 0);
    this.held.set(state.isHeld ? 1 : 0);
    this.epoch.set(state.epoch);
  }

  private async readTasks(): Promise<void> {
    for (const { task, state } of await this.operations.list()) {
      this.paused.set({ task: task.name }, state?.pausedAt ? 1 : 0);
      if (state?.lastSuccessAt)
        this.lastSuccess.set({ task: task.name }, state.lastSuccessAt.getTime() / 1000);
    }
  }

  /** A scrape shows what it can. */
  private async attempt(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      this.logger.warn('the metrics of the schedules could not be read', { reason: String(error) });
    }
  }
}
