import { z } from 'zod';
import { type JudgedProcess, processStates } from '../domain/process-state.js';
import type { KnownProcesses } from './process-watch.js';

const processSchema = z.object({
  id: z.uuid(),
  name: z.string().meta({
    description: 'Role and number among the like; its successor after a restart has the same.',
    example: 'worker-0',
  }),
  role: z.enum(['api', 'worker']),
  host: z.string().meta({ example: 'app-1' }),
  pid: z.int().meta({ example: 4711 }),
  version: z.string().meta({ example: '0.1.0' }),
  started_at: z.iso.datetime().meta({ example: '2027-01-31T08:00:00.000Z' }),
  last_seen_at: z.iso.datetime().meta({ description: 'Of its last heartbeat; they come every 2 s.' }),
  state: z.enum(processStates).meta({
    description:
      'alive: it gets on; stuck: it is there, but makes no progress while work waits; lost: it is gone without a goodbye.',
  }),
  reason: z.string().nullable().meta({ description: 'Why it is not taken for alive.', example: null }),
  queues: z
    .array(z.object({ name: z.string(), concurrency: z.int(), active: z.int() }))
    .meta({ description: 'The queues it takes jobs from, and how many jobs of each it runs.' }),
  current_work: z
    .array(z.object({ kind: z.string(), id: z.string(), since: z.iso.datetime() }))
    .meta({ description: 'Jobs, periodic tasks and turns, from the oldest on; at most 20.' }),
  last_progress_at: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'When some work last began or ended there.' }),
  event_loop_lag_ms: z
    .int()
    .nullable()
    .meta({ description: 'The longest it was held up within 2 s.', example: 3 }),
  rss_bytes: z.int().nullable().meta({ example: 151_000_000 }),
  is_connected_to_redis: z.boolean().nullable().meta({
    description: 'Of a worker as Redis says, of an API process as it says itself; null if nobody can tell.',
  }),
});

export const processListSchema = z.object({
  items: z.array(processSchema),
  is_current: z.boolean().meta({
    description: 'False while MySQL does not answer: then the list is what it last said.',
    example: true,
  }),
  age_ms: z.int().meta({ description: 'How old the list is.', example: 0 }),
});
export type ProcessList = z.infer<typeof processListSchema>;

export function toProcessList({ processes, ageMs }: KnownProcesses): ProcessList {
  const sorted = [...processes].sort(
    (a, b) => a.name.localeCompare(b.name) || a.host.localeCompare(b.host) || a.pid - b.pid,
  );
  return { items: sorted.map(toProcessAnswer), is_current: ageMs === 0, age_ms: Math.round(ageMs) };
}

function toProcessAnswer(process: JudgedProcess): ProcessList['items'][number] {
  return {
    id: process.id,
    name: process.name,
    role: process.role,
    host: process.host,
    pid: process.pid,
    version: process.version,
    started_at: process.startedAt.toISOString(),
    last_seen_at: process.lastSeenAt.toISOString(),
    state: process.state,
    reason: process.reason,
    queues: process.queues.map(({ name, concurrency, active }) => ({ name, concurrency, active })),
    current_work: process.currentWork.map(({ kind, id, since }) => ({ kind, id, since })),
    last_progress_at: process.lastProgressAt?.toISOString() ?? null,
    event_loop_lag_ms: process.eventLoopLagMs,
    rss_bytes: process.rssBytes,
    is_connected_to_redis: process.isConnectedToRedis,
  };
}
