import { z } from 'zod';
import {
  type JobDetails,
  jobStates,
  type JobSummary,
  type QueueState,
} from '../../../platform/queue/index.js';
import { reasonSchema } from '../../audit/index.js';

const EXAMPLE_REASON = 'the embedder was down, TICKET-12';

export const queueParamsSchema = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9_-]{1,36}$/)
    .meta({ description: 'The name of a queue.', examples: ['message_index'] }),
});
export type QueueParams = z.infer<typeof queueParamsSchema>;

export const jobParamsSchema = queueParamsSchema.extend({
  id: z
    .string()
    .min(1)
    .max(128)
    .meta({
      description: 'As the list has it; of a sharded queue with the shard in front.',
      examples: ['3:17'],
    }),
});
export type JobParams = z.infer<typeof jobParamsSchema>;

export const operationSchema = z
  .strictObject({ reason: reasonSchema })
  .meta({ examples: [{ reason: EXAMPLE_REASON }] });
export type Operation = z.infer<typeof operationSchema>;

export const jobListQuerySchema = z.strictObject({
  state: z.enum(jobStates).default('failed').meta({ description: 'The state that the jobs are in.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type JobListQuery = z.infer<typeof jobListQuerySchema>;

const count = z.int().min(0);
export const queueSchema = z
  .object({
    name: z.string(),
    is_paused: z.boolean().meta({ description: 'No further job is begun.' }),
    is_drainable: z.boolean().meta({ description: 'Whether what waits may be thrown away.' }),
    counts: z
      .object({ waiting: count, active: count, delayed: count, failed: count, completed: count })
      .meta({ description: 'Of ended jobs only the latest are kept.' }),
    oldest_waiting_age_ms: z.int().nullable().meta({ description: 'Null if nothing waits.' }),
    workers: count.meta({ description: 'Connected worker processes, as Redis tells it.' }),
  })
  .meta({
    examples: [
      {
        name: 'message_index',
        is_paused: false,
        is_drainable: true,
        counts: { waiting: 2, active: 1, delayed: 0, failed: 1, completed: 100 },
        oldest_waiting_age_ms: 140,
        workers: 2,
      },
    ],
  });
export type QueueAnswer = z.infer<typeof queueSchema>;

export const queueListSchema = z.object({ items: z.array(queueSchema), next_cursor: z.null() });

const instant = z.iso.datetime();
const jobFields = {
  id: z.string().meta({ examples: ['3:17'] }),
  name: z.string().meta({ examples: ['conversation.save-turns.v1'] }),
  state: z.enum(jobStates),
  attempts: z.int().meta({ description: 'Tries that have been made.' }),
  max_attempts: z.int(),
  created_at: instant,
  started_at: instant.nullable().meta({ description: 'When the last try was begun.' }),
  ended_at: instant.nullable(),
  due_at: instant.nullable().meta({ description: 'When the next try is due, of a delayed job.' }),
  error: z.string().nullable().meta({ description: 'Of the last try that failed.' }),
};
const jobSummarySchema = z.object(jobFields);
export type JobSummaryAnswer = z.infer<typeof jobSummarySchema>;

export const jobListSchema = z.object({
  items: z.array(jobSummarySchema),
  next_cursor: z.string().nullable(),
});
export type JobListAnswer = z.infer<typeof jobListSchema>;

export const jobSchema = z.object({
  ...jobFields,
  data: z.unknown().meta({
    description: 'What it was enqueued with, without secrets; of long data the beginning.',
    examples: [{ shard: 3 }],
  }),
  is_data_cut: z.boolean().meta({ description: 'Whether the data is longer than is shown.' }),
  stack: z.string().nullable().meta({ description: 'Where the last try failed.' }),
});
export type JobAnswer = z.infer<typeof jobSchema>;

export const drainedSchema = z.object({
  name: z.string(),
  removed_jobs: count.meta({ description: 'At most 10,000; call again for more.' }),
});
export const retriedSchema = z.object({
  name: z.string(),
  retried_jobs: count.meta({ description: 'At most 10,000; call again for more.' }),
});

export function toQueueAnswer(queue: QueueState, nowMs: number): QueueAnswer {
  const { oldestWaitingAtMs } = queue;
  return {
    name: queue.name,
    is_paused: queue.isPaused,
    is_drainable: queue.isDrainable,
    counts: queue.counts,
    oldest_waiting_age_ms: oldestWaitingAtMs === undefined ? null : Math.max(0, nowMs - oldestWaitingAtMs),
    workers: queue.workers,
  };
}

export function toJobSummaryAnswer(job: JobSummary): JobSummaryAnswer {
  return {
    id: job.id,
    name: job.name,
    state: job.state,
    attempts: job.attemptsMade,
    max_attempts: job.maxAttempts,
    created_at: new Date(job.createdAtMs).toISOString(),
    started_at: instantOf(job.startedAtMs),
    ended_at: instantOf(job.endedAtMs),
    due_at: instantOf(job.dueAtMs),
    error: job.error ?? null,
  };
}

export function toJobAnswer(job: JobDetails): JobAnswer {
  return {
    ...toJobSummaryAnswer(job),
    data: job.data,
    is_data_cut: job.isDataCut,
    stack: job.stack ?? null,
  };
}

function instantOf(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
