import { SetMetadata } from '@nestjs/common';
import type { PeriodicTask, PeriodicTaskHandler } from './define-periodic-task.js';

export const RUNS_TASK = 'lockkeeper:runs-task';

/** Marks the provider that does a periodic task: exactly one in the worker for each task there is. */
export function RunsTask(task: PeriodicTask) {
  return (target: new (...args: never[]) => PeriodicTaskHandler): void => {
    SetMetadata(RUNS_TASK, task)(target);
  };
}
