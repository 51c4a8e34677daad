export { inBatches } from './batches.js';
export { CronError, readCron } from './cron.js';
export type { Cron } from './cron.js';
export { definePeriodicTask } from './define-periodic-task.js';
export type {
  CatchUp,
  PeriodicTask,
  PeriodicTaskHandler,
  TaskOutcome,
  TaskRun,
} from './define-periodic-task.js';
export { RunsTask } from './runs-task.js';
export { findTaskHandlers } from './task-handlers.js';
