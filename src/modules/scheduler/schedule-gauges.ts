import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../platform/metrics/index.js';
import { readCron } from '../../platform/schedule/index.js';
import { scheduleModes } from './domain/redis-switch.js';
import { slotIntervalMs } from './domain/slot-interval.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';

/** Shows Prometheus, at each scrape, what the database knows of the schedules: it is the same from every process. */
@Injectable()
export class ScheduleGauges implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly operations: ScheduleOperations,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the lease of the schedules',
      gauges: {
        lockkeeper_schedule_mode: 'How the schedules are driven: 1 for the mode.',
        lockkeeper_schedule_lease_held: 'Whether a worker looks after the schedules (1) or not (0).',
        lockkeeper_schedule_lease_epoch: 'How often the schedules have changed hands.',
      },
      read: () => this.readLease(),
    });
    this.metrics.register({
      name: 'the periodic tasks',
      gauges: {
        lockkeeper_schedule_last_success_timestamp_seconds: 'When a periodic task last succeeded.',
        lockkeeper_schedule_paused: 'Whether a periodic task is paused (1) or not (0).',
        lockkeeper_schedule_interval_seconds: 'How far two due times of a periodic task are apart.',
      },
      read: () => this.readTasks(),
    });
  }

  private async readLease() {
    const state = await this.operations.overview();
    return {
      lockkeeper_schedule_mode: scheduleModes.map((mode) => ({
        labels: { mode },
        value: mode === state.mode ? 1 : 0,
      })),
      lockkeeper_schedule_lease_held: state.isHeld ? 1 : 0,
      lockkeeper_schedule_lease_epoch: state.epoch,
    };
  }

  private async readTasks() {
    const tasks = await this.operations.list();
    const nowMs = Date.now();
    return {
      lockkeeper_schedule_interval_seconds: tasks.map(({ task, state }) => ({
        labels: { task: task.name },
        value: slotIntervalMs(readCron(state?.cronOverride ?? task.cron), nowMs) / 1000,
      })),
      lockkeeper_schedule_paused: tasks.map(({ task, state }) => ({
        labels: { task: task.name },
        value: state?.pausedAt ? 1 : 0,
      })),
      lockkeeper_schedule_last_success_timestamp_seconds: tasks.flatMap(({ task, state }) =>
        state?.lastSuccessAt
          ? [{ labels: { task: task.name }, value: state.lastSuccessAt.getTime() / 1000 }]
          : [],
      ),
    };
  }
}
