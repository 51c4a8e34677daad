import { Injectable } from '@nestjs/common';
import { type HeardProcess, ProcessRepository } from '../monitoring/index.js';
import { type Task, type TaskQueueName, taskQueueNames, type TaskState } from './domain/task.js';
import { LaneRepository } from './store/lane.repository.js';
import { RunRepository } from './store/run.repository.js';
import { TaskRepository } from './store/task.repository.js';
import { taskQueueNotFound } from './task.errors.js';

/** A queue in numbers. Ended tasks count until they expire. */
export interface TaskQueueStats {
  readonly name: TaskQueueName;
  readonly queued: number;
  readonly started: number;
  readonly finished: number;
  readonly failed: number;
  /** The four above together. */
  readonly total: number;
}

/** A process that does tasks. */
export interface TaskWorker {
  readonly name: string;
  readonly isBusy: boolean;
  readonly queues: readonly TaskQueueName[];
  /** The task that it began first of those that it runs; null if none. */
  readonly currentTaskId: string | null;
  readonly startedAt: Date;
}

/** A worker beats every two seconds. */
const GONE_AFTER_MS = 10_000;
const TIMEOUT_MS = 1_000;
const MAX_RUNS = 1_000;

/** How the queues of tasks and their workers are, for operators. It needs no Redis. */
@Injectable()
export class TaskMonitor {
  constructor(
    private readonly lanes: LaneRepository,
    private readonly tasks: TaskRepository,
    private readonly runs: RunRepository,
    private readonly processes: ProcessRepository,
  ) {}

  /** Every queue there is, one that has had no task among them. */
  async readStats(): Promise<TaskQueueStats[]> {
    const counts = await this.lanes.countAll();
    return taskQueueNames.map((name) => {
      const count = counts.get(name);
      const queued = (count?.queued ?? 0) + (count?.admitted ?? 0);
      const { started = 0, finished = 0, failed = 0 } = count ?? {};
      return { name, queued, started, finished, failed, total: queued + started + finished + failed };
    });
  }

  /** Tasks of a queue in a state, or in any; the newest first. */
  listTasks(queue: TaskQueueName, state: TaskState | undefined, limit: number): Promise<Task[]> {
    return this.tasks.listOfQueue(queue, state, limit);
  }

  /** The workers that live, by name. */
  async listWorkers(): Promise<TaskWorker[]> {
    const [heard, running] = await Promise.all([
      this.processes.listHeard(TIMEOUT_MS),
      this.runs.listRunning(MAX_RUNS),
    ]);
    const current = new Map<string, string>();
    for (const { workerId, taskId } of running) {
      if (!current.has(workerId)) current.set(workerId, taskId);
    }
    return heard
      .filter(({ role, silentMs }) => role === 'worker' && silentMs <= GONE_AFTER_MS)
      .map((process) => toWorker(process, current.get(process.id) ?? null))
      .filter(({ queues }) => queues.length > 0)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** The queue that a request names. @throws `task_queue_not_found` */
export function checkTaskQueue(name: string): TaskQueueName {
  const queue = taskQueueNames.find((each) => each === name);
  if (!queue) throw taskQueueNotFound({ param: 'name', details: { queues: taskQueueNames } });
  return queue;
}

function toWorker(process: HeardProcess, currentTaskId: string | null): TaskWorker {
  const queues = taskQueueNames.filter((name) => process.queues.some((queue) => queue.name === name));
  return {
    // As rq names them: unique over reloads, in which the successor has the same name.
    name: `${process.name}.${process.host}.${process.pid}`,
    isBusy: currentTaskId !== null,
    queues,
    currentTaskId,
    startedAt: process.startedAt,
  };
}
