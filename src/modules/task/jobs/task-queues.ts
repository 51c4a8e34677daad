import { z } from 'zod';
import { defineJob, defineQueue, type JobDefinition } from '../../../platform/queue/index.js';
import type { TaskQueueName } from '../domain/task.js';
import { taskBounds } from '../domain/task-options.js';

/** The run keeps its own time; this is for one that does not. */
const MARGIN_MS = 60_000;

const shared = {
  shards: 1,
  isSerial: false,
  lockDurationMs: 30_000,
  // What is thrown away here stands in the table of tasks, and is given to the workers again.
  isDrainable: true,
  // As long as tasks may take by default: those at hand wait for the ones that run.
  objectiveMs: 3_600_000,
} as const;

const fileProcessingQueue = defineQueue({ name: 'file_processing', concurrency: 4, ...shared });
const vectorizationQueue = defineQueue({ name: 'vectorization', concurrency: 4, ...shared });
const kgExtractionQueue = defineQueue({ name: 'kg_extraction', concurrency: 2, ...shared });

const payload = z.object({ task_id: z.uuid(), attempt: z.int().min(1) });
export type RunPayload = z.infer<typeof payload>;

/** Has a worker begin a run of a task. Tries, time and results are the task's own; the row decides whether it is run. */
const sharedJob = {
  payload,
  attempts: 1,
  backoffMs: 0,
  timeoutMs: taskBounds.timeoutMs.max + MARGIN_MS,
  // What has ended must be gone, so that the same run can be given out again when the database could not be asked.
  keepCompleted: 0,
  keepFailed: 0,
  idempotency: {
    mode: 'once',
    key: ({ task_id, attempt }: RunPayload) => `task-${task_id}-${attempt}`,
  },
  shardOf: () => 0,
} as const;

export const runFileProcessing = defineJob({
  name: 'task.run-file-processing.v1',
  queue: fileProcessingQueue,
  ...sharedJob,
});

export const runVectorization = defineJob({
  name: 'task.run-vectorization.v1',
  queue: vectorizationQueue,
  ...sharedJob,
});

export const runKgExtraction = defineJob({
  name: 'task.run-kg-extraction.v1',
  queue: kgExtractionQueue,
  ...sharedJob,
});

/** The job by which tasks of a queue are run. */
export const jobOfQueue: Readonly<Record<TaskQueueName, JobDefinition<RunPayload>>> = {
  file_processing: runFileProcessing,
  vectorization: runVectorization,
  kg_extraction: runKgExtraction,
};
