export { CronSchedules } from './cron-schedules.js';
export type { CronFiring, CronSchedule } from './cron-schedules.js';
export { defineJob } from './define-job.js';
export type { JobDefinition, JobHandler, JobRun, PayloadOf } from './define-job.js';
export { defineQueue } from './define-queue.js';
export { Handles } from './handles.js';
export { JobQueue } from './job-queue.js';
export { queueConfig } from './queue.config.js';
export { QueueModule } from './queue.module.js';
