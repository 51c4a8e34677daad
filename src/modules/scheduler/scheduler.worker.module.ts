import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CronSchedules } from '../../platform/queue/index.js';
import type { PeriodicTask } from '../../platform/schedule/index.js';
import { DatabaseWatch } from './engine/database-watch.js';
import { ThisProcess } from './engine/engine-process.js';
import { LeaseKeeper } from './engine/lease-keeper.js';
import { LocalTicker } from './engine/local-ticker.js';
import { RedisSchedules } from './engine/redis-schedules.js';
import { RunStarter } from './engine/run-starter.js';
import { ScheduleDriver } from './engine/schedule-driver.js';
import { ScheduleEngine } from './engine/schedule-engine.js';
import { ScheduleMetrics, scheduleMetricProviders } from './engine/schedule-metrics.js';
import { SlotFiring } from './engine/slot-firing.js';
import { SlotReconciler } from './engine/slot-reconciler.js';
import { TaskDeclarations } from './engine/task-declarations.js';
import { TaskRegistry } from './engine/task-registry.js';
import { TaskRunner } from './engine/task-runner.js';
import { SchedulerModule } from './scheduler.module.js';
import { ForgetSlotsHandler } from './tasks/forget-slots.handler.js';

/** Runs the periodic tasks. The boot fails unless every task is sound and has exactly one handler. */
@Module({})
export class SchedulerWorkerModule {
  static forTasks(tasks: readonly PeriodicTask[]): DynamicModule {
    return {
      module: SchedulerWorkerModule,
      imports: [DiscoveryModule, SchedulerModule.forTasks(tasks)],
      providers: [
        ...scheduleMetricProviders,
        ScheduleMetrics,
        ThisProcess,
        DatabaseWatch,
        TaskRegistry,
        TaskDeclarations,
        SlotReconciler,
        TaskRunner,
        RunStarter,
        SlotFiring,
        LocalTicker,
        CronSchedules,
        RedisSchedules,
        LeaseKeeper,
        ScheduleDriver,
        ScheduleEngine,
        ForgetSlotsHandler,
      ],
    };
  }
}
