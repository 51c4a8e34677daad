import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { TaskDefinition } from './define-task.js';
import { TaskHeartbeats } from './engine/task-heartbeats.js';
import { TaskKeeper } from './engine/task-keeper.js';
import { TaskMetrics, taskMetricProviders } from './engine/task-metrics.js';
import { TaskRunner } from './engine/task-runner.js';
import {
  RunFileProcessingHandler,
  RunKgExtractionHandler,
  RunVectorizationHandler,
} from './jobs/run-tasks.handlers.js';
import { WorkerRecycling } from './engine/worker-recycling.js';
import { TaskModule } from './task.module.js';
import { TASK_KINDS, TaskRegistry } from './task-registry.js';

/** Runs tasks. The boot fails unless every kind has exactly one handler. */
@Module({})
export class TaskWorkerModule {
  static forKinds(kinds: readonly TaskDefinition[]): DynamicModule {
    return {
      module: TaskWorkerModule,
      imports: [DiscoveryModule, TaskModule],
      providers: [
        { provide: TASK_KINDS, useValue: kinds },
        ...taskMetricProviders,
        TaskMetrics,
        TaskRegistry,
        TaskHeartbeats,
        TaskRunner,
        WorkerRecycling,
        TaskKeeper,
        RunFileProcessingHandler,
        RunVectorizationHandler,
        RunKgExtractionHandler,
      ],
    };
  }
}
