/**
 * What becomes of slots that passed while no process could start them. `skip`: nothing. `latest`: the latest of them
 * is run. `all`: the latest `max` of them are run, the oldest first.
 */
export type CatchUp =
  | { readonly mode: 'skip' }
  | { readonly mode: 'latest' }
  | { readonly mode: 'all'; readonly max: number };

/**
 * A kind of periodic work: everything about it in one place, nothing left to a default. An operator can change the
 * cron and pause it; the rest is the code's.
 */
export interface PeriodicTask {
  /** What it does, in kebab-case: `cancel-expired-tasks`. Unique over the product, and kept: slots are known by it. */
  readonly name: string;
  /** One sentence for the operator. */
  readonly description: string;
  /** Five fields, or six with seconds first, in UTC. */
  readonly cron: string;
  /** Where several are due at once, the smaller number starts first: 1 to 10. */
  readonly priority: number;
  /** How often a failed run is tried again. */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** After this long the signal of a run is aborted. */
  readonly softLimitMs: number;
  /** After this long a run is given up, whether or not it has noticed its signal. */
  readonly hardLimitMs: number;
  readonly catchUp: CatchUp;
}

/** Declares a periodic task. Export it from the module's `index.ts` and list it in `app.tasks.ts`. */
export function definePeriodicTask(task: PeriodicTask): PeriodicTask {
  return task;
}

/** What a handler is told of the run. */
export interface TaskRun {
  /** The due time that this run is for. */
  readonly dueAt: Date;
  /** The number of this try, from 1. */
  readonly attempt: number;
  /** Aborted at the soft limit, or when the process stops: finish the batch at hand and return. */
  readonly signal: AbortSignal;
}

/** What a run did, for its history: numbers by name, such as `{ cancelled: 12 }`. */
export type TaskOutcome = Readonly<Record<string, number>>;

/** Does one kind of periodic work. It may be tried twice for a slot, so its effects have ids or conditions. */
export interface PeriodicTaskHandler {
  run(run: TaskRun): Promise<TaskOutcome>;
}
