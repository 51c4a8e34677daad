import type { z } from 'zod';
import type { QueueDefinition } from './define-queue.js';

/**
 * A kind of background job: everything about it in one place, nothing left to a default. Its payload is
 * parsed when it is enqueued and again when it is run, since the two may be different versions of the code:
 * new fields are optional, any other change is a new job with the next `.vN`.
 */
export interface JobDefinition<P = unknown> {
  /** `module.verb-noun.v1` */
  readonly name: string;
  readonly queue: QueueDefinition;
  readonly payload: z.ZodType<P>;
  /** How often it is tried in all. Retries change the order of a queue. */
  readonly attempts: number;
  /** The pause before the second try; it doubles for each further one. */
  readonly backoffMs: number;
  /** After this long its signal is aborted and the try has failed. */
  readonly timeoutMs: number;
  /** How many finished and failed jobs are kept to look at. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
  /**
   * What makes two jobs the same. `once`: the second is dropped for as long as the first is kept.
   * `coalesce`: the second is dropped while the first waits; one that comes while the first runs is run after it.
   */
  readonly idempotency: { readonly mode: 'once' | 'coalesce'; key(payload: P): string };
  /** Which shard of its queue it goes to. */
  shardOf(payload: P): number;
}

/** The payload of a job, as its handler gets it. */
export type PayloadOf<D> = D extends JobDefinition<infer P> ? P : never;

/** Declares a job. Export it from the module's `index.ts` and list it in `app.jobs.ts`. */
export function defineJob<P>(definition: JobDefinition<P>): JobDefinition<P> {
  return definition;
}

/** What a handler is told besides its payload. */
export interface JobRun {
  readonly jobId: string;
  /** The number of this try, from 1. */
  readonly attempt: number;
  /** Aborted when the time is up or the process stops. */
  readonly signal: AbortSignal;
}

/** Does one kind of job. A handler may be called twice for one job, so its effect has an id of its own. */
export interface JobHandler<D> {
  handle(payload: PayloadOf<D>, run: JobRun): Promise<void>;
}
