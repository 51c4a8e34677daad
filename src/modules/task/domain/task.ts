/** The queues that tasks run in. Each has workers of its own, so that long work does not hold up short work. */
export const taskQueueNames = ['file_processing', 'vectorization', 'kg_extraction'] as const;
export type TaskQueueName = (typeof taskQueueNames)[number];

/**
 * How a task stands. `deferred`: it waits for other tasks of its flow. `scheduled`: it waits for its time, the first or
 * that of the next try. `queued`: it waits for its turn. `started`: it runs.
 */
export const taskStates = [
  'queued',
  'started',
  'finished',
  'failed',
  'deferred',
  'scheduled',
  'cancelled',
] as const;
export type TaskState = (typeof taskStates)[number];

/** As rows have it: of the queued tasks, those at hand for the workers are `admitted`. A lane counts each. */
export const storedStates = [...taskStates, 'admitted'] as const;
export type StoredState = (typeof storedStates)[number];

export const endedStates = ['finished', 'failed', 'cancelled'] as const satisfies readonly TaskState[];
/** Those that count as waiting for the limit of a user. */
export const waitingStates = ['queued', 'admitted', 'scheduled', 'deferred'] as const;

/** Why a task failed or was cancelled. */
export const taskReasons = [
  'error',
  'timed_out',
  'worker_lost',
  'cancelled',
  'dependency_failed',
  'subject_removed',
] as const;
export type TaskReason = (typeof taskReasons)[number];

/** How the state of a row is called to the outside. */
export function shownState(state: StoredState): TaskState {
  return state === 'admitted' ? 'queued' : state;
}

/** Numbers of tasks by the states that are told; queued ones are those at hand, too. */
export function byShownState(
  counts: Readonly<Record<StoredState, number>> | undefined,
): Record<TaskState, number> {
  const shown = Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<TaskState, number>;
  for (const stored of storedStates) shown[shownState(stored)] += counts?.[stored] ?? 0;
  return shown;
}

export function hasEnded(state: StoredState): boolean {
  return (endedStates as readonly StoredState[]).includes(state);
}

/** A task as it is told to its owner and to operators. */
export interface Task {
  readonly id: string;
  readonly ownerId: string;
  readonly queue: TaskQueueName;
  readonly name: string;
  /** What it works on, such as a file's id. */
  readonly subjectId: string | null;
  readonly state: StoredState;
  readonly reason: TaskReason | null;
  /** 1 to 10; the smaller number goes first among the tasks of one user. */
  readonly priority: number;
  /** How often it was given to a worker. */
  readonly attempt: number;
  /** How many of its tries have failed. */
  readonly failures: number;
  readonly maxRetries: number;
  readonly retryIntervalMs: number;
  /** How long one try may take. */
  readonly timeoutMs: number;
  /** How long it is kept once it has finished. */
  readonly resultTtlMs: number;
  /** The same once it has failed or was cancelled. */
  readonly failureTtlMs: number;
  readonly payload: unknown;
  /** Undefined until it has finished. */
  readonly result: unknown;
  readonly errorCode: string | null;
  readonly error: string | null;
  /** For operators alone. */
  readonly errorStack: string | null;
  readonly flowId: string | null;
  readonly step: number | null;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Until when it can be read. */
  readonly expiresAt: Date | null;
}
