import { type DynamicModule, Module } from '@nestjs/common';
import type { TaskDefinition } from './define-task.js';
import { PublicKinds } from './public-kinds.js';
import { RqController } from './rq.controller.js';
import { TaskFlowController } from './task-flow.controller.js';
import { TaskOverviewController } from './task-overview.controller.js';
import { TaskGauges } from './task-gauges.js';
import { TaskController } from './task.controller.js';
import { TaskModule } from './task.module.js';
import { TASK_KINDS } from './task-registry.js';

@Module({})
export class TaskHttpModule {
  static forKinds(kinds: readonly TaskDefinition[]): DynamicModule {
    return {
      module: TaskHttpModule,
      imports: [TaskModule],
      providers: [{ provide: TASK_KINDS, useValue: kinds }, PublicKinds, TaskGauges],
      // The more particular path first.
      controllers: [TaskFlowController, TaskController, RqController, TaskOverviewController],
    };
  }
}
