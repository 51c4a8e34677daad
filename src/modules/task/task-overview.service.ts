import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { byShownState, type TaskQueueName, taskQueueNames, type TaskState } from './domain/task.js';
import { type Spread, spreadOf } from './domain/spread.js';
import { LaneRepository } from './store/lane.repository.js';
import { type Lane, OverviewRepository } from './store/overview.repository.js';
import { taskConfig } from './task.config.js';

/** How a queue of tasks gets on. */
export interface TaskQueueOverview {
  readonly name: TaskQueueName;
  /** Tasks by state; ended ones until they expire. */
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Users of whom something waits for its turn. */
  readonly waitingUsers: number;
  /** How long tasks that finished of late had waited since they were put in or due, in milliseconds. */
  readonly waitedMs: Spread;
  /** How long their last tries took. */
  readonly ranMs: Spread;
}

/** The lanes of a queue, which take turns. */
export interface TaskLanes {
  /** The turn of the lane that came last. */
  readonly turn: number;
  /** How many tasks of one user run, or are about to, at once. */
  readonly maxRunning: number;
  /** How many tasks are about to run at most: so many of others come before one that is put in now. */
  readonly window: number;
  readonly lanes: readonly Lane[];
}

/** Times are those of so many tasks, the newest. */
export const TIMES_OF_TASKS = 500;

/** How the queues get on, and who waits how long in them, for operators. It needs no Redis. */
@Injectable()
export class TaskOverview {
  constructor(
    private readonly lanes: LaneRepository,
    private readonly overview: OverviewRepository,
    @Inject(taskConfig.token) private readonly config: ConfigOf<typeof taskConfig>,
  ) {}

  /** Every queue there is. */
  async readQueues(): Promise<TaskQueueOverview[]> {
    const [counts, users, times] = await Promise.all([
      this.lanes.countAll(),
      this.overview.countWaitingUsers(),
      this.overview.listTimes(TIMES_OF_TASKS),
    ]);
    return taskQueueNames.map((name) => {
      const ofQueue = times.filter(({ queue }) => queue === name);
      return {
        name,
        counts: byShownState(counts.get(name)),
        waitingUsers: users.get(name) ?? 0,
        waitedMs: spreadOf(ofQueue.map(({ waitedMs }) => waitedMs)),
        ranMs: spreadOf(ofQueue.map(({ ranMs }) => ranMs)),
      };
    });
  }

  /** The lanes that wait in the order in which they come next, then those of which tasks only run. */
  async readLanes(queue: TaskQueueName, limit: number): Promise<TaskLanes> {
    const { maxRunning, window } = this.config;
    const [turn, lanes] = await Promise.all([
      this.overview.readTurn(queue),
      this.overview.listLanes(queue, limit),
    ]);
    return { turn, maxRunning, window, lanes };
  }
}
