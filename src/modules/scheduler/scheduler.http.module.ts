import { type DynamicModule, Module } from '@nestjs/common';
import type { PeriodicTask } from '../../platform/schedule/index.js';
import { ScheduleController } from './schedule.controller.js';
import { ScheduleHealth } from './schedule-health.js';
import { ScheduleGauges } from './schedule-gauges.js';
import { SchedulerController } from './scheduler.controller.js';
import { SchedulerModule } from './scheduler.module.js';

/** What operators see of the periodic tasks and do about them. */
@Module({})
export class SchedulerHttpModule {
  static forTasks(tasks: readonly PeriodicTask[]): DynamicModule {
    return {
      module: SchedulerHttpModule,
      imports: [SchedulerModule.forTasks(tasks)],
      controllers: [ScheduleController, SchedulerController],
      providers: [ScheduleGauges, ScheduleHealth],
    };
  }
}
