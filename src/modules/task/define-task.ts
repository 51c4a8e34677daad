import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';
import type { TaskQueueName } from './domain/task.js';
import type { TaskOptions } from './domain/task-options.js';

/** A kind of task: what it takes, what it gives, and where it runs. */
export interface TaskDefinition<P = unknown, R = unknown> {
  /** `module.verb-noun`, unique over the product, and kept: rows know their kind by it. */
  readonly name: string;
  readonly queue: TaskQueueName;
  /** Parsed when it is submitted and again when it is run, by maybe another version: new fields are optional. */
  readonly payload: z.ZodType<P>;
  /** What a run returns, as JSON of up to 64 KiB. */
  readonly result: z.ZodType<R>;
  /** Whether a user may submit it by `POST /api/tasks`; else only our own code does. */
  readonly isPublic: boolean;
  /** Where this kind differs from the general defaults. */
  readonly defaults?: Partial<TaskOptions>;
  /** The id of what it works on, by which its tasks are cancelled when that goes (`TaskService.cancelOf`). */
  subjectOf?(payload: P): string;
}

export type TaskPayloadOf<D> = D extends { readonly payload: z.ZodType<infer P> } ? P : never;
export type TaskResultOf<D> = D extends { readonly result: z.ZodType<infer R> } ? R : never;

/** Declares a kind of task. Export it from the module's `index.ts` and list it in `app.task-kinds.ts`. */
export function defineTask<P, R>(definition: TaskDefinition<P, R>): TaskDefinition<P, R> {
  return definition;
}

/** What a handler is told besides the payload. */
export interface TaskRun {
  readonly taskId: string;
  readonly ownerId: string;
  /** The number of this run, from 1. */
  readonly attempt: number;
  /** Aborted when the time is up, the task is cancelled or the process stops. Return or throw soon then. */
  readonly signal: AbortSignal;
}

/**
 * Does one kind of task. It may be run twice for one task (a worker that died may have done a part), so its effects
 * have ids of their own. An `AppError` of a kind that is of no use to try again ends the task at once; any other error
 * is tried again.
 */
export interface TaskHandler<D> {
  run(payload: TaskPayloadOf<D>, run: TaskRun): Promise<TaskResultOf<D>>;
}

export const DOES_TASK = 'lockkeeper:does-task';

/** Marks the provider that does a kind of task: exactly one in the worker for each that is listed. */
export function DoesTask<P, R>(definition: TaskDefinition<P, R>) {
  return (target: new (...args: never[]) => TaskHandler<TaskDefinition<P, R>>): void => {
    SetMetadata(DOES_TASK, definition)(target);
  };
}
