import type { Job } from 'bullmq';
import { redactText, showRedacted } from '../logging/index.js';

/** The states that jobs can be listed by. */
export const jobStates = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;
export type ListedState = (typeof jobStates)[number];

const MAX_ERROR_CHARACTERS = 1_000;
const MAX_STACK_CHARACTERS = 8_000;

/** A job as operators see it in a list. Times are milliseconds since the Unix epoch. */
export interface JobSummary {
  /** Unique in its queue; of a sharded queue it begins with the shard: `3:17`. */
  readonly id: string;
  readonly name: string;
  readonly state: ListedState;
  readonly attemptsMade: number;
  readonly maxAttempts: number;
  readonly createdAtMs: number;
  /** When the last try was begun. */
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** When the next try is due, while it is delayed. */
  readonly dueAtMs: number | undefined;
  /** Of the last try that failed, without secrets. */
  readonly error: string | undefined;
}

/** All that is kept of a job. */
export interface JobDetails extends JobSummary {
  /** What it was enqueued with, without secrets. */
  readonly data: unknown;
  /** Whether the data is longer than is shown. */
  readonly isDataCut: boolean;
  /** Where the last try failed. */
  readonly stack: string | undefined;
}

/** Where a job was found. */
export interface FoundJob {
  readonly job: Job;
  readonly id: string;
  readonly state: ListedState;
  readonly dueAtMs?: number | undefined;
}

export function summaryOf({ job, id, state, dueAtMs }: FoundJob): JobSummary {
  return {
    id,
    name: job.name,
    state,
    attemptsMade: job.attemptsMade,
    maxAttempts: job.opts.attempts ?? 1,
    createdAtMs: job.timestamp,
    startedAtMs: job.processedOn ?? undefined,
    endedAtMs: job.finishedOn ?? undefined,
    dueAtMs,
    error: job.failedReason ? redactText(job.failedReason, MAX_ERROR_CHARACTERS) : undefined,
  };
}

export function detailsOf(found: FoundJob): JobDetails {
  const { job } = found;
  const { value, isCut } = showRedacted(job.data);
  const stack = job.stacktrace?.at(-1);
  return {
    ...summaryOf(found),
    data: value,
    isDataCut: isCut,
    stack: stack === undefined ? undefined : redactText(stack, MAX_STACK_CHARACTERS),
  };
}
