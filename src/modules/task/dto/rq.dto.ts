import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { reasonSchema } from '../../audit/index.js';
import { shownState, type Task, taskQueueNames, taskStates } from '../domain/task.js';
import type { TaskQueueStats, TaskWorker } from '../task-monitor.service.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';
const EXAMPLE_STATS = {
  queue_name: 'file_processing',
  queued: 5,
  started: 2,
  finished: 100,
  failed: 1,
  total: 108,
};

/** What every answer is wrapped in. */
const envelope = <T extends z.ZodType>(data: T) =>
  z.object({
    success: z.literal(true),
    data,
    message: z.string().meta({ description: 'A sentence for people.', examples: ['3 queues'] }),
  });

export interface Envelope<T> {
  success: true;
  data: T;
  message: string;
}

export function wrap<T>(data: T, message: string): Envelope<T> {
  return { success: true, data, message };
}

export const rqQueueParamsSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(64)
    .meta({ examples: ['file_processing'] }),
});
export type RqQueueParams = z.infer<typeof rqQueueParamsSchema>;

export const rqJobParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type RqJobParams = z.infer<typeof rqJobParamsSchema>;

export const rqJobsQuerySchema = z.strictObject({
  status: z.enum(taskStates).optional().meta({ description: 'Those that stand so.' }),
  limit: z.coerce.number().int().min(1).max(100).default(10).meta({ description: 'At most so many.' }),
});
export type RqJobsQuery = z.infer<typeof rqJobsQuerySchema>;

export const rqIntentSchema = z.strictObject({ reason: reasonSchema });
export type RqIntent = z.infer<typeof rqIntentSchema>;

const count = z.int().min(0);
const statsSchema = z
  .object({
    queue_name: z.string(),
    queued: count,
    started: count,
    finished: count,
    failed: count,
    total: count,
  })
  .meta({ examples: [EXAMPLE_STATS] });
type RqStats = z.infer<typeof statsSchema>;

export const rqQueuesSchema = envelope(z.object({ queues: z.array(z.enum(taskQueueNames)), count }));
export const rqAllStatsSchema = envelope(z.object({ queues: z.record(z.string(), statsSchema) }));
export const rqStatsSchema = envelope(statsSchema);

const workerSchema = z.object({
  name: z.string().meta({ examples: ['worker-0.host.12345'] }),
  state: z.enum(['busy', 'idle']),
  queues: z.array(z.enum(taskQueueNames)),
  current_job_id: z.string().nullable(),
  birth_date: z.iso.datetime().meta({ examples: ['2026-11-22T20:00:00.000Z'] }),
});
export const rqWorkersSchema = envelope(z.object({ workers: z.array(workerSchema), count }));

const instant = z.iso.datetime().nullable();
const jobSchema = z.object({
  job_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  queue_name: z.enum(taskQueueNames),
  func_name: z.string().meta({ description: 'The kind of task.', examples: ['file.process'] }),
  status: z.enum(taskStates),
  user_id: z.uuid(),
  created_at: z.iso.datetime(),
  started_at: instant,
  ended_at: instant,
  exc_info: z.string().nullable().meta({ description: 'Where the last try failed.' }),
});
type RqJob = z.infer<typeof jobSchema>;
export const rqJobsSchema = envelope(
  z.object({ queue_name: z.enum(taskQueueNames), jobs: z.array(jobSchema), count }),
);

const jobDetailsSchema = jobSchema.extend({
  args: z.unknown().meta({ description: 'What it was submitted with.' }),
  result: z.unknown(),
  reason: z.string().nullable(),
  priority: z.int(),
  attempts: z.int(),
  failures: z.int(),
  max_retries: z.int(),
  retry_interval_ms: z.int(),
  timeout_ms: z.int(),
  result_ttl_ms: z.int(),
  failure_ttl_ms: z.int(),
  step: z.int().nullable(),
  flow_id: z.uuid().nullable(),
  due_at: instant,
  expires_at: instant,
});
export type RqJobDetails = z.infer<typeof jobDetailsSchema>;
export const rqJobSchema = envelope(jobDetailsSchema);

export function toRqStats({ name, ...counts }: TaskQueueStats): RqStats {
  return { queue_name: name, ...counts };
}

export function toRqWorker(worker: TaskWorker): z.infer<typeof workerSchema> {
  return {
    name: worker.name,
    state: worker.isBusy ? 'busy' : 'idle',
    queues: [...worker.queues],
    current_job_id: worker.currentTaskId,
    birth_date: worker.startedAt.toISOString(),
  };
}

export function toRqJob(task: Task): RqJob {
  return {
    job_id: task.id,
    queue_name: task.queue,
    func_name: task.name,
    status: shownState(task.state),
    user_id: task.ownerId,
    created_at: task.createdAt.toISOString(),
    started_at: toText(task.startedAt),
    ended_at: toText(task.endedAt),
    exc_info: task.errorStack ?? task.error,
  };
}

export function toRqJobDetails(task: Task): RqJobDetails {
  return {
    ...toRqJob(task),
    args: task.payload,
    result: task.result ?? null,
    reason: task.reason,
    priority: task.priority,
    attempts: task.attempt,
    failures: task.failures,
    max_retries: task.maxRetries,
    retry_interval_ms: task.retryIntervalMs,
    timeout_ms: task.timeoutMs,
    result_ttl_ms: task.resultTtlMs,
    failure_ttl_ms: task.failureTtlMs,
    step: task.step,
    flow_id: task.flowId,
    due_at: toText(task.dueAt),
    expires_at: toText(task.expiresAt),
  };
}

function toText(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}
