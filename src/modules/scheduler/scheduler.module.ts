import { type DynamicModule, Module } from '@nestjs/common';
import type { PeriodicTask } from '../../platform/schedule/index.js';
import { AuditModule } from '../audit/index.js';
import { SlotSettler } from './engine/slot-settler.js';
import { PERIODIC_TASKS } from './engine/task-registry.js';
import { ScheduleOperations } from './operations/schedule-operations.service.js';
import { HistoryRepository } from './store/history.repository.js';
import { LeaseRepository } from './store/lease.repository.js';
import { RunRepository } from './store/run.repository.js';
import { ScheduleTime } from './store/schedule-time.repository.js';
import { SlotRepository } from './store/slot.repository.js';
import { TaskRepository } from './store/task.repository.js';

/** The state of the schedules, and what operators do about it. It needs no Redis. */
@Module({})
export class SchedulerModule {
  static forTasks(tasks: readonly PeriodicTask[]): DynamicModule {
    const shared = [
      ScheduleTime,
      TaskRepository,
      SlotRepository,
      RunRepository,
      LeaseRepository,
      HistoryRepository,
      SlotSettler,
      ScheduleOperations,
    ];
    return {
      module: SchedulerModule,
      imports: [AuditModule],
      providers: [...shared, { provide: PERIODIC_TASKS, useValue: tasks }],
      exports: [...shared, PERIODIC_TASKS],
    };
  }
}
