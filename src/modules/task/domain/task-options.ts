import { z } from 'zod';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;

/** The bounds of what a task may be asked for. */
export const taskBounds = {
  timeoutMs: { min: SECOND_MS, max: 6 * HOUR_MS },
  ttlMs: { min: SECOND_MS, max: 30 * DAY_MS },
  delayMs: { min: 0, max: 30 * DAY_MS },
  retries: { min: 0, max: 20 },
  retryIntervalMs: { min: 0, max: DAY_MS },
  priority: { min: 1, max: 10 },
  deduplicationKeyLength: { min: 1, max: 200 },
} as const;

const within = ({ min, max }: { min: number; max: number }) => z.int().min(min).max(max);

/** How a task is to be run. */
export interface TaskOptions {
  /** How long one try may take; then its signal is aborted and the try has failed. */
  timeoutMs: number;
  /** How long a finished task can be read, counted from its end. */
  resultTtlMs: number;
  /** The same for one that failed or was cancelled. */
  failureTtlMs: number;
  /** It begins this much later at the earliest. Not together with `at`. */
  delayMs?: number;
  /** It begins then at the earliest. */
  at?: Date;
  /** How often it is tried again when it has failed. */
  retries: number;
  /** The pause before each further try. */
  retryIntervalMs: number;
  /** 1 to 10; the smaller number goes first among the tasks of one user. */
  priority: number;
  /** While a task with this key has not ended, another of the same user, kind and key is not made. */
  deduplicationKey?: string;
}

export const defaultTaskOptions: TaskOptions = {
  timeoutMs: HOUR_MS,
  resultTtlMs: DAY_MS,
  failureTtlMs: DAY_MS,
  retries: 3,
  retryIntervalMs: 60 * SECOND_MS,
  priority: 5,
};

const optionsSchema = z
  .strictObject({
    timeoutMs: within(taskBounds.timeoutMs),
    resultTtlMs: within(taskBounds.ttlMs),
    failureTtlMs: within(taskBounds.ttlMs),
    delayMs: within(taskBounds.delayMs).optional(),
    at: z.date().optional(),
    retries: within(taskBounds.retries),
    retryIntervalMs: within(taskBounds.retryIntervalMs),
    priority: within(taskBounds.priority),
    deduplicationKey: z
      .string()
      .min(taskBounds.deduplicationKeyLength.min)
      .max(taskBounds.deduplicationKeyLength.max)
      .optional(),
  })
  .refine(({ delayMs, at }) => delayMs === undefined || at === undefined, 'delay and at exclude each other');

/**
 * The options of a task: those of the call, else those of its kind, else the general ones.
 * @throws a ZodError for a value out of its bounds.
 */
export function readTaskOptions(...layers: readonly (Partial<TaskOptions> | undefined)[]): TaskOptions {
  const merged: Record<string, unknown> = { ...defaultTaskOptions };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) if (value !== undefined) merged[name] = value;
  }
  return optionsSchema.parse(merged);
}
