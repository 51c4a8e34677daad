import { z } from 'zod';
import type { Spread } from '../domain/spread.js';
import { taskQueueNames, taskStates } from '../domain/task.js';
import type { Lane } from '../store/overview.repository.js';
import { type TaskLanes, type TaskQueueOverview, TIMES_OF_TASKS } from '../task-overview.service.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';

const count = z.int().min(0);
const spread = (description: string) =>
  z
    .object({
      count: count.meta({ description: `Of how many tasks: the newest ${TIMES_OF_TASKS} at most.` }),
      p50: z.number().nullable(),
      p95: z.number().nullable(),
      max: z.number().nullable(),
    })
    .meta({ description, examples: [{ count: 120, p50: 840, p95: 5_200, max: 9_100 }] });

export const taskQueueOverviewsSchema = z.object({
  items: z.array(
    z.object({
      name: z.enum(taskQueueNames),
      counts: z
        .object(
          Object.fromEntries(taskStates.map((state) => [state, count])) as Record<
            (typeof taskStates)[number],
            typeof count
          >,
        )
        .meta({ description: 'Tasks by state; ended ones until they expire.' }),
      waiting_users: count.meta({ description: 'Users of whom something waits for its turn.' }),
      waited_ms: spread('How long finished tasks had waited, since they were put in or were due.'),
      ran_ms: spread('How long the last tries of finished tasks took.'),
    }),
  ),
});
type TaskQueueOverviewsAnswer = z.infer<typeof taskQueueOverviewsSchema>;

export const taskQueueParamsSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(64)
    .meta({ examples: ['file_processing'] }),
});
export type TaskQueueParams = z.infer<typeof taskQueueParamsSchema>;

export const taskLanesQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
});
export type TaskLanesQuery = z.infer<typeof taskLanesQuerySchema>;

const laneSchema = z.object({
  user_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  turn: z.int().meta({ description: 'Of those that wait, the smallest comes next.' }),
  is_waiting: z.boolean().meta({ description: 'False: the user has nothing waiting for a turn.' }),
  is_at_limit: z
    .boolean()
    .meta({ description: 'As many run as one user may have at once: it is passed over meanwhile.' }),
  queued: count.meta({ description: 'Wait for their turn.' }),
  at_hand: count.meta({ description: 'Had their turn, and run as soon as a worker is free.' }),
  started: count,
  scheduled: count,
  deferred: count,
});

export const taskLanesSchema = z.object({
  turn: z.int().meta({ description: 'The turn of the lane that came last.' }),
  max_running: count.meta({
    description: 'How many tasks of one user run at once (`LOCKKEEPER_TASKS_MAX_RUNNING`).',
  }),
  window: count.meta({ description: 'How many tasks are at hand at most (`LOCKKEEPER_TASKS_WINDOW`).' }),
  items: z.array(laneSchema).meta({
    description:
      'First those that wait, in the order in which they come next; then those of which tasks only run.',
  }),
});
export type TaskLanesAnswer = z.infer<typeof taskLanesSchema>;

export function toOverviewsAnswer(queues: readonly TaskQueueOverview[]): TaskQueueOverviewsAnswer {
  return {
    items: queues.map(({ name, counts, waitingUsers, waitedMs, ranMs }) => ({
      name,
      counts: { ...counts },
      waiting_users: waitingUsers,
      waited_ms: toSpread(waitedMs),
      ran_ms: toSpread(ranMs),
    })),
  };
}

export function toLanesAnswer({ turn, maxRunning, window, lanes }: TaskLanes): TaskLanesAnswer {
  return {
    turn,
    max_running: maxRunning,
    window,
    items: lanes.map((lane) => toLaneAnswer(lane, maxRunning)),
  };
}

function toLaneAnswer(lane: Lane, maxRunning: number): z.infer<typeof laneSchema> {
  return {
    user_id: lane.ownerId,
    turn: lane.turn,
    is_waiting: lane.isWaiting,
    is_at_limit: lane.admitted + lane.started >= maxRunning,
    queued: lane.queued,
    at_hand: lane.admitted,
    started: lane.started,
    scheduled: lane.scheduled,
    deferred: lane.deferred,
  };
}

function toSpread({ count: found, p50, p95, max }: Spread) {
  return { count: found, p50, p95, max };
}
