import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ConfigOf } from '../../platform/config/index.js';
import { isDuplicateKey, type Transaction, Transactions } from '../../platform/database/index.js';
import { invalidRequest } from '../../platform/errors/index.js';
import { newId } from '../../shared/ids.js';
import type { TaskDefinition } from './define-task.js';
import { hasEnded, shownState, type Task, type TaskReason, type TaskState } from './domain/task.js';
import { readTaskOptions, type TaskOptions } from './domain/task-options.js';
import { LaneRepository } from './store/lane.repository.js';
import { type NewTask, type TaskPlace, TaskRepository } from './store/task.repository.js';
import { TransitionRepository } from './store/transition.repository.js';
import { TaskAdmission } from './task-admission.service.js';
import { taskConfig } from './task.config.js';
import {
  taskExpired,
  taskInOtherState,
  taskIsDuplicate,
  taskNotFound,
  taskQuotaExceeded,
} from './task.errors.js';

/** That a task was accepted: it is in the database, and is run, whether Redis is there or not. */
export interface TaskReceipt {
  readonly taskId: string;
  readonly state: TaskState;
  /** True: another task with the same key has not ended, and this is its id. */
  readonly isDuplicate: boolean;
}

/** The place of a task in a flow. */
export interface FlowPlace {
  readonly id: string;
  readonly step: number;
}

const MAX_PAYLOAD_BYTES = 65_536;
const QUOTA_RETRY_SECONDS = 10;
const CANCEL_BATCH = 100;
/** How often a task that changes its state meanwhile is looked at again. */
const MAX_LOOKS = 20;

/** Takes tasks in, tells how they stand, cancels them and has them run again. */
@Injectable()
export class TaskService {
  constructor(
    private readonly transactions: Transactions,
    private readonly tasks: TaskRepository,
    private readonly lanes: LaneRepository,
    private readonly transitions: TransitionRepository,
    private readonly admission: TaskAdmission,
    @Inject(taskConfig.token) private readonly config: ConfigOf<typeof taskConfig>,
  ) {}

  /**
   * Accepts a task. When this returns it is committed.
   * @throws `invalid_request` for a payload or options that do not fit, `task_quota_exceeded`
   */
  async submit<P>(
    ownerId: string,
    definition: TaskDefinition<P>,
    payload: P,
    options?: Partial<TaskOptions>,
  ): Promise<TaskReceipt> {
    const receipt = await this.transactions.run((transaction) =>
      this.submitWithin(transaction, ownerId, definition, payload, options),
    );
    this.admission.hasten(definition.queue);
    return receipt;
  }

  /**
   * The same in a transaction of the caller's, which so has a task exactly if it commits. Call
   * `TaskAdmission.hasten(definition.queue)` after the commit. It locks the numbers of the user's tasks.
   */
  async submitWithin<P>(
    transaction: Transaction,
    ownerId: string,
    definition: TaskDefinition<P>,
    payload: P,
    options?: Partial<TaskOptions>,
    flow?: FlowPlace,
  ): Promise<TaskReceipt> {
    const task = toNewTask(ownerId, definition, payload, options, flow);
    const waiting = await this.lanes.open(transaction, ownerId);
    const live = task.keyHash && (await this.tasks.findLive(transaction, ownerId, task.keyHash));
    if (live) return duplicateOf(live);
    if (waiting >= this.config.maxWaiting) {
      throw taskQuotaExceeded({
        details: { limit: this.config.maxWaiting },
        retryAfterSeconds: QUOTA_RETRY_SECONDS,
      });
    }
    const state = await this.tasks.insert(transaction, task, (flow?.step ?? 0) > 0);
    await this.lanes.shift(transaction, ownerId, task.queue, { [state]: 1 });
    return { taskId: task.id, state: shownState(state), isDuplicate: false };
  }

  /** @throws `task_not_found`, `task_expired` */
  async find(ownerId: string, taskId: string): Promise<Task> {
    return this.findFor(taskId, ownerId);
  }

  /** As `find`, for operators: anybody's. */
  async findAny(taskId: string): Promise<Task> {
    return this.findFor(taskId, undefined);
  }

  /** A user's tasks in a state, or in any; the newest first. */
  async list(
    ownerId: string,
    state: TaskState | undefined,
    beforeId: string | undefined,
    limit: number,
  ): Promise<{ tasks: Task[]; nextId: string | null }> {
    const found = await this.tasks.listOf(ownerId, state, beforeId, limit + 1);
    const tasks = found.slice(0, limit);
    return { tasks, nextId: found.length > limit ? (tasks.at(-1)?.id ?? null) : null };
  }

  /**
   * Cancels a task. One that runs is told so within two seconds, and is `cancelled` when its run has ended.
   * @throws `task_not_found`, `task_expired`, `task_in_other_state` if it has ended
   */
  cancel(ownerId: string, taskId: string): Promise<Task> {
    return this.cancelFor(taskId, ownerId);
  }

  /** As `cancel`, for operators: anybody's. */
  cancelAny(taskId: string): Promise<Task> {
    return this.cancelFor(taskId, undefined);
  }

  /**
   * Has a task that failed or was cancelled run again as if it were new.
   * @throws `task_not_found`, `task_expired`, `task_in_other_state`, `task_is_duplicate`
   */
  requeue(ownerId: string, taskId: string): Promise<Task> {
    return this.requeueFor(taskId, ownerId);
  }

  /** As `requeue`, for operators: anybody's. */
  requeueAny(taskId: string): Promise<Task> {
    return this.requeueFor(taskId, undefined);
  }

  /** Cancels everything that works, or is to work, on a subject. Runs are told so within two seconds. */
  async cancelOf(subjectId: string): Promise<void> {
    for (let look = 0; ; look++) {
      const places = await this.tasks.listLiveOf(subjectId, CANCEL_BATCH);
      if (places.length === 0) return;
      if (look === MAX_LOOKS * CANCEL_BATCH)
        throw new Error(`Tasks of ${subjectId} come faster than they go.`);
      for (const place of places) await this.tryCancel(place, 'subject_removed');
    }
  }

  private async cancelFor(taskId: string, ownerId: string | undefined): Promise<Task> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const task = await this.findFor(taskId, ownerId);
      if (hasEnded(task.state)) throw taskInOtherState({ details: { state: task.state } });
      if (await this.tryCancel(task, 'cancelled')) return this.findFor(taskId, ownerId);
    }
    throw taskInOtherState();
  }

  /** @returns false if it has changed its state meanwhile. */
  private async tryCancel(place: TaskPlace, reason: TaskReason): Promise<boolean> {
    if (place.state === 'started') return this.transitions.requestCancel(place.id);
    const isCancelled = await this.transitions.cancel(place, reason);
    if (isCancelled) this.admission.hasten(place.queue);
    return isCancelled;
  }

  private async requeueFor(taskId: string, ownerId: string | undefined): Promise<Task> {
    const task = await this.findFor(taskId, ownerId);
    if (task.state !== 'failed' && task.state !== 'cancelled') {
      throw taskInOtherState({ details: { state: shownState(task.state) } });
    }
    try {
      if (!(await this.transitions.requeue(task))) throw taskInOtherState();
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      throw taskIsDuplicate({ cause: error });
    }
    this.admission.hasten(task.queue);
    return this.findFor(taskId, ownerId);
  }

  private async findFor(taskId: string, ownerId: string | undefined): Promise<Task> {
    const found = await this.tasks.findById(taskId);
    if (!found || (ownerId !== undefined && found.task.ownerId !== ownerId)) throw taskNotFound();
    if (found.isExpired) throw taskExpired();
    return found.task;
  }
}

function duplicateOf({ id, state }: TaskPlace): TaskReceipt {
  return { taskId: id, state: shownState(state), isDuplicate: true };
}

function toNewTask<P>(
  ownerId: string,
  definition: TaskDefinition<P>,
  payload: P,
  options: Partial<TaskOptions> | undefined,
  flow: FlowPlace | undefined,
): NewTask {
  const parsed = parseWith('payload', () => definition.payload.parse(payload));
  const read = parseWith('options', () => readTaskOptions(definition.defaults, options));
  const json = JSON.stringify(parsed ?? null);
  if (Buffer.byteLength(json) > MAX_PAYLOAD_BYTES) {
    throw invalidRequest({
      param: 'payload',
      detail: `The payload is larger than ${MAX_PAYLOAD_BYTES} bytes.`,
    });
  }
  const { deduplicationKey: key } = read;
  return {
    id: newId(),
    ownerId,
    queue: definition.queue,
    name: definition.name,
    subjectId: definition.subjectOf?.(parsed) ?? null,
    payload: json,
    options: read,
    keyHash: key === undefined ? null : createHash('sha256').update(`${definition.name}\0${key}`).digest(),
    flow: flow ?? null,
  };
}

function parseWith<T>(param: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    throw invalidRequest({ param, detail: `The ${param} does not fit: ${z.prettifyError(cause)}`, cause });
  }
}
