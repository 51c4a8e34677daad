import type { ProcessState } from '../../src/modules/monitoring/domain/process-state.js';
import type { VerdictName } from '../../src/modules/monitoring/domain/verdicts.js';
import type { Transactions } from '../../src/platform/database/index.js';
import { newId } from '../../src/shared/ids.js';

/** A verdict as the API tells it. */
export interface VerdictAnswer {
  state: string;
  reason_code: string;
  reason: string;
  action: string;
  also: { state: string; reason_code: string; reason: string; action: string }[];
}

/** The overview as the API tells it. */
export interface OverviewAnswer {
  at: string;
  verdicts: Record<VerdictName, VerdictAnswer>;
  redis: string;
  mysql: string;
  scheduler: { mode: string } | null;
  rates: Record<string, number | string | null>;
  latency_ms: Record<string, number | null>;
  save_lag_ms: number | null;
  queues: Record<string, unknown>[];
  processes: Record<ProcessState, number | null>;
  parked_conversations: number | null;
  quarantined_entries: number | null;
  log_backlog_bytes: number | null;
}

/** A process as the API tells it. */
export interface ProcessAnswer {
  id: string;
  name: string;
  role: string;
  pid: number;
  state: ProcessState;
  reason: string | null;
  queues: { name: string; concurrency: number; active: number }[];
  current_work: { kind: string; id: string; since: string }[];
  last_progress_at: string | null;
  event_loop_lag_ms: number | null;
  rss_bytes: number | null;
  is_connected_to_redis: boolean | null;
}

/** Everything that speaks against a verdict, by its code. */
export function codesOf({ verdicts }: OverviewAnswer, name: VerdictName): string[] {
  const { reason_code: worst, also } = verdicts[name];
  return [worst, ...also.map(({ reason_code: code }) => code)];
}

/** Writes down a worker that nobody started. @returns its id. */
export async function noteWorker(
  database: Transactions,
  { name = 'worker-9', silentS = 0, ageS = 0, lagMs = 0 } = {},
): Promise<string> {
  const id = newId();
  await database.single.query(
    `INSERT INTO processes (id, name, role, host, pid, version, queues, started_at, heartbeat_at, event_loop_lag_ms)
     VALUES (?, ?, 'worker', 'elsewhere', 1, '1', '[]', UTC_TIMESTAMP(3) - INTERVAL ? SECOND,
       UTC_TIMESTAMP(3) - INTERVAL ? SECOND, ?)`,
    [id, name, ageS, silentS, lagMs],
  );
  return id;
}
