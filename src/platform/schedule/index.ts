export { definePeriodicTask } from './define-periodic-task.js';
export type {
  CatchUp,
  PeriodicTask,
  PeriodicTaskHandler,
  TaskOutcome,
  TaskRun,
} from './define-periodic-task.js';
export { RunsTask, RUNS_TASK } from './runs-task.js';
