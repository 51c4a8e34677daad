import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { DatabaseProbe, Transactions } from '../../../platform/database/index.js';
import type { HeardProcess, ProcessRole } from '../domain/process-state.js';

/** A process as it describes itself. */
export interface ProcessDescription {
  readonly id: string;
  /** Its role and number among the like, `worker-1`: its successor has the same. */
  readonly name: string;
  readonly role: ProcessRole;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  /** The queues it takes jobs from. */
  readonly queues: readonly string[];
}

/** How a process is just now. */
export interface ProcessCondition {
  readonly queues: readonly {
    name: string;
    concurrency: number;
    active: number;
    /** How long nothing has begun or ended; null if nothing ever has. */
    idle_ms: number | null;
  }[];
  readonly currentWork: readonly { kind: string; id: string; since: string }[];
  /** How long ago it last got on with something; undefined if it never has. */
  readonly sinceProgressMs: number | undefined;
  readonly eventLoopLagMs: number;
  readonly rssBytes: number;
  readonly isConnectedToRedis: boolean;
}

interface ProcessRow {
  id: string;
  name: string;
  role: ProcessRole;
  host: string;
  pid: number;
  version: string;
  activity: unknown;
  started_at: Date;
  heartbeat_at: Date;
  last_progress_at: Date | null;
  event_loop_lag_ms: number | null;
  rss_bytes: number | string | null;
  is_connected_to_redis: number | null;
  silent_us: number | string;
  age_us: number | string;
}

const MICROSECONDS_PER_MS = 1_000;
const MAX_ROWS = 500;
const MAX_ROWS_FORGOTTEN_AT_ONCE = 100;
/** A process that is gone for so long is no news any more. */
const FORGOTTEN_AFTER_SECONDS = 3_600;

const activitySchema = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      concurrency: z.number(),
      active: z.number(),
      idle_ms: z.number().nullable(),
    }),
  ),
  current_work: z.array(z.object({ kind: z.string(), id: z.string(), since: z.string() })),
});
const noActivity: z.infer<typeof activitySchema> = { queues: [], current_work: [] };

/** The rows of running processes. All times are the database's, so that clocks need not agree. */
@Injectable()
export class ProcessRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly probe: DatabaseProbe,
  ) {}

  /** Says that a process is alive, and how it is. */
  async beat(description: ProcessDescription, condition: ProcessCondition): Promise<void> {
    const { id, name, role, host, pid, version, queues } = description;
    const { sinceProgressMs, eventLoopLagMs, rssBytes, isConnectedToRedis } = condition;
    const activity = JSON.stringify({ queues: condition.queues, current_work: condition.currentWork });
    const sinceProgressUs =
      sinceProgressMs === undefined ? null : Math.round(sinceProgressMs * MICROSECONDS_PER_MS);
    await this.transactions.single.query(
      `INSERT INTO processes (id, name, role, host, pid, version, queues, started_at, heartbeat_at, activity,
         last_progress_at, event_loop_lag_ms, rss_bytes, is_connected_to_redis)
       VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ?, UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND, ?, ?, ?)
       ON DUPLICATE KEY UPDATE name = VALUES(name), heartbeat_at = VALUES(heartbeat_at), activity = VALUES(activity),
         last_progress_at = VALUES(last_progress_at), event_loop_lag_ms = VALUES(event_loop_lag_ms),
         rss_bytes = VALUES(rss_bytes), is_connected_to_redis = VALUES(is_connected_to_redis)`,
      [
        ...[id, name, role, host, pid, version, JSON.stringify(queues), activity, sinceProgressUs],
        ...[Math.round(eventLoopLagMs), rssBytes, isConnectedToRedis ? 1 : 0],
      ],
    );
  }

  async remove(id: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM processes WHERE id = ?', [id]);
  }

  /** Removes rows of processes that have been gone for over an hour; so many at once that the next time ends it. */
  async forgetGone(): Promise<void> {
    await this.transactions.single.query(
      'DELETE FROM processes WHERE heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND LIMIT ?',
      [FORGOTTEN_AFTER_SECONDS, MAX_ROWS_FORGOTTEN_AT_ONCE],
    );
  }

  /** The processes that have been heard of lately, whether they are still there or not. @throws if MySQL is late. */
  async listHeard(timeoutMs: number): Promise<HeardProcess[]> {
    const rows = await this.probe.query<ProcessRow>(
      `SELECT id, name, role, host, pid, version, activity, started_at, heartbeat_at, last_progress_at,
         event_loop_lag_ms, rss_bytes, is_connected_to_redis,
         TIMESTAMPDIFF(MICROSECOND, heartbeat_at, UTC_TIMESTAMP(3)) AS silent_us,
         TIMESTAMPDIFF(MICROSECOND, started_at, UTC_TIMESTAMP(3)) AS age_us
       FROM processes WHERE heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ${FORGOTTEN_AFTER_SECONDS} SECOND
       ORDER BY heartbeat_at DESC LIMIT ${MAX_ROWS}`,
      timeoutMs,
    );
    return rows.map(toHeardProcess);
  }
}

function toHeardProcess(row: ProcessRow): HeardProcess {
  const { queues, current_work: currentWork } = readActivity(row.activity);
  const silentMs = Number(row.silent_us) / MICROSECONDS_PER_MS;
  return {
    id: row.id,
    name: row.name === '' ? row.role : row.name,
    role: row.role,
    host: row.host,
    pid: row.pid,
    version: row.version,
    startedAt: row.started_at,
    lastSeenAt: row.heartbeat_at,
    silentMs,
    ageMs: Number(row.age_us) / MICROSECONDS_PER_MS,
    queues: queues.map(({ name, concurrency, active, idle_ms: idleMs }) => ({
      name,
      concurrency,
      active,
      idleMs: idleMs === null ? undefined : idleMs + silentMs,
    })),
    currentWork,
    lastProgressAt: row.last_progress_at,
    eventLoopLagMs: row.event_loop_lag_ms,
    rssBytes: row.rss_bytes === null ? null : Number(row.rss_bytes),
    saysItIsConnectedToRedis: row.is_connected_to_redis === null ? null : row.is_connected_to_redis === 1,
  };
}

/** MySQL's driver parses JSON, MariaDB's does not. A row of another version may have something else there. */
function readActivity(activity: unknown): z.infer<typeof activitySchema> {
  const value: unknown = typeof activity === 'string' ? JSON.parse(activity) : activity;
  return activitySchema.safeParse(value).data ?? noActivity;
}
