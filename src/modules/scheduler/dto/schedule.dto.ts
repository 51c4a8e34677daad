import { z } from 'zod';
import { scheduleModes } from '../domain/redis-switch.js';
import { slotPaths, slotReasons, slotStates } from '../domain/slot.js';
import type { Schedule } from '../operations/schedule-operations.service.js';
import type { SlotRecord } from '../store/history.repository.js';
import type { LeaseState, SwitchEntry } from '../store/lease.repository.js';

const time = z.iso.datetime();
const name = z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a task');

export const scheduleParamsSchema = z.object({ name: name.meta({ examples: ['expire-holds'] }) });
export type ScheduleParams = z.infer<typeof scheduleParamsSchema>;

export const listQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type ListQuery = z.infer<typeof listQuerySchema>;

export const setCronSchema = z.strictObject({
  cron: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .nullable()
    .meta({
      description:
        'Five fields, six with seconds first, or a name such as `@daily`; in UTC. null: the default.',
      examples: ['*/10 * * * *'],
    }),
});
export type SetCron = z.infer<typeof setCronSchema>;

export const drillSchema = z.strictObject({
  seconds: z
    .int()
    .min(0)
    .max(600)
    .meta({ description: 'How long; 0 ends a drill.', examples: [60] }),
});
export type Drill = z.infer<typeof drillSchema>;

export const scheduleSchema = z
  .object({
    name,
    description: z.string(),
    cron: z.string().meta({ description: 'In force; in UTC.' }),
    default_cron: z.string().meta({ description: 'As the code says.' }),
    priority: z.int().meta({ description: 'The smaller, the more urgent: 1 to 10.' }),
    catch_up: z.enum(['skip', 'latest', 'all']).meta({
      description: 'What becomes of due times that passed while no worker could begin them.',
    }),
    next_at: time.nullable().meta({ description: 'null while it is paused.' }),
    is_paused: z.boolean(),
    paused_at: time.nullable(),
    last_outcome: z.enum(slotStates).nullable(),
    last_ended_at: time.nullable(),
    last_success_at: time.nullable(),
  })
  .meta({
    examples: [
      {
        name: 'expire-holds',
        description: 'Ends holds whose time is up.',
        cron: '*/5 * * * * *',
        default_cron: '*/5 * * * * *',
        priority: 1,
        catch_up: 'latest',
        next_at: '2027-01-17T09:30:05.000Z',
        is_paused: false,
        paused_at: null,
        last_outcome: 'succeeded',
        last_ended_at: '2027-01-17T09:30:00.041Z',
        last_success_at: '2027-01-17T09:30:00.041Z',
      },
    ],
  });
export type ScheduleAnswer = z.infer<typeof scheduleSchema>;

export const scheduleListSchema = z.object({
  items: z.array(scheduleSchema).meta({ description: 'By name.' }),
  next_cursor: z.string().nullable(),
});
export type ScheduleList = z.infer<typeof scheduleListSchema>;

export const slotSchema = z
  .object({
    run_id: z.uuid().nullable().meta({ description: 'Of a run by hand.' }),
    task: name,
    due_at: time.meta({ description: 'The slot. A run by hand has a time of its own.' }),
    state: z.enum(slotStates).meta({ description: '`due`: waits to be started, or to be tried again.' }),
    reason: z
      .enum(slotReasons)
      .nullable()
      .meta({
        description:
          '`missed`, `paused`, `overlap`, `superseded`: why it was skipped. `soft_limit`: it was cut short and returned. ' +
          '`hard_limit`: it was given up. `process_lost`: its process was not heard of any more.',
      }),
    path: z
      .enum(slotPaths)
      .meta({ description: 'Who began it: Redis, the ticker of a worker, or an operator.' }),
    is_caught_up: z.boolean().meta({ description: 'It was begun, or skipped, after its time.' }),
    attempts: z.int(),
    retry_at: time.nullable().meta({ description: 'When it is tried again.' }),
    started_at: time.nullable().meta({ description: 'Of the first try.' }),
    ended_at: time.nullable(),
    lateness_ms: z.int().nullable(),
    duration_ms: z.int().nullable().meta({ description: 'Of the last try.' }),
    through_at: time
      .nullable()
      .meta({ description: 'The last of several slots that were skipped together.' }),
    slots: z.int().nullable().meta({ description: 'How many slots this is; null: more than were counted.' }),
    result: z.record(z.string(), z.number()).nullable(),
    error: z.string().nullable().meta({ description: 'Of the last try that failed, with its stack.' }),
    process: z.string().nullable(),
    epoch: z
      .int()
      .nullable()
      .meta({ description: 'Of the lease under which it was begun; null if by Redis or hand.' }),
  })
  .meta({
    examples: [
      {
        run_id: null,
        task: 'expire-holds',
        due_at: '2027-01-17T09:30:00.000Z',
        state: 'succeeded',
        reason: null,
        path: 'redis',
        is_caught_up: false,
        attempts: 1,
        retry_at: null,
        started_at: '2027-01-17T09:30:00.012Z',
        ended_at: '2027-01-17T09:30:00.041Z',
        lateness_ms: 12,
        duration_ms: 29,
        through_at: null,
        slots: 1,
        result: { holds: 3 },
        error: null,
        process: 'worker-1:4711',
        epoch: null,
      },
    ],
  });
export type SlotAnswer = z.infer<typeof slotSchema>;

export const slotListSchema = z.object({
  items: z.array(slotSchema).meta({ description: 'The newest first.' }),
  next_cursor: z.string().nullable(),
});
export type SlotList = z.infer<typeof slotListSchema>;

export const schedulerSchema = z.object({
  mode: z.enum(scheduleModes).meta({
    description:
      '`redis`: Redis fires. `suspect`: it failed lately. `local`: a worker fires. `draining`: on the way back.',
  }),
  since: time,
  is_lease_held: z.boolean().meta({ description: 'If not, no worker looks after the schedules now.' }),
  lease_holder: z
    .string()
    .nullable()
    .meta({ examples: ['worker-1:4711'] }),
  epoch: z.int(),
  lease_expires_at: time,
  drill_until: time.nullable(),
});
export type SchedulerAnswer = z.infer<typeof schedulerSchema>;

const switchSchema = z.object({
  id: z.uuid(),
  at: time,
  kind: z.enum(['lease', 'mode']),
  from_mode: z.enum(scheduleModes).nullable(),
  to_mode: z.enum(scheduleModes),
  reason: z.string().meta({ examples: ['Redis: no answer within 1000 ms'] }),
  process: z.string(),
  epoch: z.int(),
});

export const switchListSchema = z.object({
  items: z.array(switchSchema).meta({ description: 'The newest first.' }),
  next_cursor: z.string().nullable(),
});
export type SwitchList = z.infer<typeof switchListSchema>;

const iso = (date: Date | null | undefined) => date?.toISOString() ?? null;

export function toScheduleAnswer({ task, state, nextAt }: Schedule): ScheduleAnswer {
  return {
    name: task.name,
    description: task.description,
    cron: state?.cron ?? task.cron,
    default_cron: task.cron,
    priority: task.priority,
    catch_up: task.catchUp.mode,
    next_at: iso(nextAt),
    is_paused: Boolean(state?.pausedAt),
    paused_at: iso(state?.pausedAt),
    last_outcome: state?.lastOutcome ?? null,
    last_ended_at: iso(state?.lastEndedAt),
    last_success_at: iso(state?.lastSuccessAt),
  };
}

export function toSlotAnswer(slot: SlotRecord): SlotAnswer {
  const isRetried = slot.state === 'due' && slot.attempt > 0;
  return {
    run_id: slot.manualId,
    task: slot.task,
    due_at: slot.dueAt.toISOString(),
    state: slot.state,
    reason: slot.reason,
    path: slot.path,
    is_caught_up: slot.isCaughtUp,
    attempts: slot.attempt,
    retry_at: isRetried ? slot.startAt.toISOString() : null,
    started_at: iso(slot.firstStartedAt),
    ended_at: iso(slot.endedAt),
    lateness_ms: slot.latenessMs,
    duration_ms: slot.endedAt && slot.startedAt ? slot.endedAt.getTime() - slot.startedAt.getTime() : null,
    through_at: iso(slot.throughAt),
    slots: slot.slots,
    result: slot.result,
    error: slot.error,
    process: slot.process,
    epoch: slot.epoch,
  };
}

export function toSchedulerAnswer(state: LeaseState): SchedulerAnswer {
  return {
    mode: state.mode,
    since: state.modeSince.toISOString(),
    is_lease_held: state.isHeld,
    lease_holder: state.isHeld ? state.process : null,
    epoch: state.epoch,
    lease_expires_at: state.expiresAt.toISOString(),
    drill_until: state.isDrill ? iso(state.drillUntil) : null,
  };
}

export function toSwitchAnswer(entry: SwitchEntry): SwitchList['items'][number] {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    kind: entry.kind,
    from_mode: entry.fromMode,
    to_mode: entry.toMode,
    reason: entry.reason,
    process: entry.process,
    epoch: entry.epoch,
  };
}
