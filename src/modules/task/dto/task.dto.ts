import { z } from 'zod';
import { decodeCursor } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { shownState, type Task, taskQueueNames, taskReasons, taskStates } from '../domain/task.js';
import { taskBounds, type TaskOptions } from '../domain/task-options.js';
import type { FlowSummary } from '../store/flow.repository.js';
import type { TaskReceipt } from '../task.service.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';

const within = ({ min, max }: { min: number; max: number }, description: string, example: number) =>
  z
    .int()
    .min(min)
    .max(max)
    .optional()
    .meta({ description, examples: [example] });

const optionsFields = {
  timeout_ms: within(taskBounds.timeoutMs, 'How long one try may take, in milliseconds.', 3_600_000),
  result_ttl_ms: within(taskBounds.ttlMs, 'How long it can be read once it has finished.', 86_400_000),
  failure_ttl_ms: within(
    taskBounds.ttlMs,
    'How long it can be read once it has failed or was cancelled.',
    86_400_000,
  ),
  delay_ms: within(taskBounds.delayMs, 'It begins so much later at the earliest. Not with `at`.', 60_000),
  at: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'It begins then at the earliest.', examples: ['2027-01-31T12:00:00Z'] }),
  retries: within(taskBounds.retries, 'How often it is tried again when it has failed.', 3),
  retry_interval_ms: within(taskBounds.retryIntervalMs, 'The pause before each further try.', 60_000),
  priority: within(taskBounds.priority, 'The smaller number goes first among your own tasks.', 5),
};

const optionsSchema = z.strictObject({
  ...optionsFields,
  deduplication_key: z
    .string()
    .min(taskBounds.deduplicationKeyLength.min)
    .max(taskBounds.deduplicationKeyLength.max)
    .optional()
    .meta({
      description:
        'While a task of yours of this kind and with this key has not ended, you get its id instead of a second one.',
      examples: ['file-0197c5a2'],
    }),
});

const name = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'Which kind of task.', examples: ['file.process'] });
const payload = z
  .unknown()
  .meta({ description: 'What it works on, as its kind says.', examples: [{ file_id: EXAMPLE_ID }] });

export const submitTaskSchema = z.strictObject({ name, payload, options: optionsSchema.optional() });
export type SubmitTask = z.infer<typeof submitTaskSchema>;

const MAX_STEPS = 20;
const MAX_GROUP = 100;
const flowTask = z.strictObject({ name, payload, options: z.strictObject(optionsFields).optional() });
const flowStep = z.union([flowTask, z.strictObject({ group: z.array(flowTask).min(1).max(MAX_GROUP) })]);

export const submitFlowSchema = z.strictObject({
  steps: z
    .array(flowStep)
    .min(1)
    .max(MAX_STEPS)
    .meta({
      description:
        'One after the other: a task, or `{"group": […]}` of tasks that may run at once. A step waits until all of the ' +
        'one before has finished. 100 tasks in all.',
    }),
});
export type SubmitFlow = z.infer<typeof submitFlowSchema>;
export type FlowTask = z.infer<typeof flowTask>;

export const taskParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type TaskParams = z.infer<typeof taskParamsSchema>;

export const taskListQuerySchema = z.strictObject({
  state: z.enum(taskStates).optional().meta({ description: 'Those that stand so.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type TaskListQuery = z.infer<typeof taskListQuerySchema>;

export const receiptSchema = z.object({
  task_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  state: z.enum(taskStates).meta({ examples: ['queued'] }),
  is_duplicate: z
    .boolean()
    .meta({ description: 'True: it is the task with the same key that has not ended.' }),
});
export type ReceiptAnswer = z.infer<typeof receiptSchema>;

const instant = (description: string) => z.iso.datetime().nullable().meta({ description });

export const taskSchema = z.object({
  id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  name: z.string().meta({ examples: ['file.process'] }),
  queue: z.enum(taskQueueNames),
  state: z.enum(taskStates).meta({ examples: ['finished'] }),
  reason: z
    .enum(taskReasons)
    .nullable()
    .meta({ description: 'Why it failed or was cancelled; null otherwise.' }),
  subject_id: z.string().nullable().meta({ description: 'What it works on, such as a file.' }),
  priority: z.int(),
  attempt: z.int().meta({ description: 'How often it was given to a worker.' }),
  failures: z.int().meta({ description: 'How many of its tries have failed.' }),
  max_retries: z.int(),
  retry_interval_ms: z.int(),
  timeout_ms: z.int().meta({ description: 'How long one try may take.' }),
  result_ttl_ms: z.int().meta({ description: 'How long it is kept once it has finished.' }),
  failure_ttl_ms: z.int().meta({ description: 'How long it is kept once it has failed or was cancelled.' }),
  payload,
  result: z.unknown().meta({ description: 'What it gave; null until it has finished.' }),
  error: z
    .object({ code: z.string(), message: z.string() })
    .nullable()
    .meta({ description: 'Of the last try that failed.' }),
  flow_id: z.uuid().nullable(),
  step: z.int().nullable().meta({ description: 'Its step in the flow, from 0.' }),
  created_at: z.iso.datetime(),
  due_at: instant('When it may begin, or be tried again.'),
  started_at: instant('When the last try began.'),
  ended_at: instant('When it finished, failed for good or was cancelled.'),
  expires_at: instant('Until when it can be read.'),
});
export type TaskAnswer = z.infer<typeof taskSchema>;

export const taskPageSchema = z.object({
  items: z.array(taskSchema),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type TaskPageAnswer = z.infer<typeof taskPageSchema>;

export const resultSchema = z.object({ result: z.unknown() });

export const flowReceiptSchema = z.object({
  flow_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  steps: z.array(z.array(z.uuid())).meta({ description: 'The ids of the tasks, step by step.' }),
});
export type FlowReceiptAnswer = z.infer<typeof flowReceiptSchema>;

export const flowSchema = z.object({
  id: z.uuid(),
  current_step: z.int().meta({ description: 'The step that runs, or ran last; from 0.' }),
  steps: z.array(z.array(taskSchema)),
});
export type FlowAnswer = z.infer<typeof flowSchema>;

export const flowListQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type FlowListQuery = z.infer<typeof flowListQuerySchema>;

export const flowPageSchema = z.object({
  items: z.array(
    z.object({
      id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
      created_at: z.iso.datetime(),
      current_step: z.int().meta({ description: 'The step that runs, or ran last; from 0.' }),
      steps: z.array(z.array(z.enum(taskStates))).meta({
        description: 'How the tasks of each step stand; expired ones are left out.',
        examples: [[['finished'], ['started', 'queued'], ['deferred']]],
      }),
    }),
  ),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type FlowPageAnswer = z.infer<typeof flowPageSchema>;

const position = z.tuple([z.uuid()]);

/** The id before which a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readTaskCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, position)[0];
}

/** The options of a request as the service takes them. */
export function toOptions(options: z.infer<typeof optionsSchema> = {}): Partial<TaskOptions> {
  const given: { [K in keyof TaskOptions]?: TaskOptions[K] | undefined } = {
    timeoutMs: options.timeout_ms,
    resultTtlMs: options.result_ttl_ms,
    failureTtlMs: options.failure_ttl_ms,
    delayMs: options.delay_ms,
    at: options.at === undefined ? undefined : new Date(options.at),
    retries: options.retries,
    retryIntervalMs: options.retry_interval_ms,
    priority: options.priority,
    deduplicationKey: options.deduplication_key,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function toReceiptAnswer({ taskId, state, isDuplicate }: TaskReceipt): ReceiptAnswer {
  return { task_id: taskId, state, is_duplicate: isDuplicate };
}

export function toFlowItem({
  id,
  createdAt,
  currentStep,
  steps,
}: FlowSummary): FlowPageAnswer['items'][number] {
  return {
    id,
    created_at: createdAt.toISOString(),
    current_step: currentStep,
    steps: steps.map((states) => [...states]),
  };
}

export function toTaskAnswer(task: Task): TaskAnswer {
  return {
    id: task.id,
    name: task.name,
    queue: task.queue,
    state: shownState(task.state),
    reason: task.reason,
    subject_id: task.subjectId,
    priority: task.priority,
    attempt: task.attempt,
    failures: task.failures,
    max_retries: task.maxRetries,
    retry_interval_ms: task.retryIntervalMs,
    timeout_ms: task.timeoutMs,
    result_ttl_ms: task.resultTtlMs,
    failure_ttl_ms: task.failureTtlMs,
    payload: task.payload,
    result: task.result ?? null,
    error: task.errorCode === null ? null : { code: task.errorCode, message: task.error ?? '' },
    flow_id: task.flowId,
    step: task.step,
    created_at: task.createdAt.toISOString(),
    due_at: toText(task.dueAt),
    started_at: toText(task.startedAt),
    ended_at: toText(task.endedAt),
    expires_at: toText(task.expiresAt),
  };
}

function toText(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}
