/** What the operator's API of periodic tasks answers. */
export interface Schedule {
  name: string;
  description: string;
  cron: string;
  default_cron: string;
  priority: number;
  catch_up: 'skip' | 'latest' | 'all';
  next_at: string | null;
  is_paused: boolean;
  paused_at: string | null;
  last_outcome: SlotState | null;
  last_ended_at: string | null;
  last_success_at: string | null;
}

export type SlotState = 'due' | 'running' | 'succeeded' | 'failed' | 'timed_out' | 'skipped';

/** A due time of a task and what became of it; several that were skipped together are one. */
export interface Slot {
  run_id: string | null;
  due_at: string;
  state: SlotState;
  reason: string | null;
  path: 'redis' | 'local' | 'manual';
  is_caught_up: boolean;
  attempts: number;
  retry_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  lateness_ms: number | null;
  duration_ms: number | null;
  slots: number | null;
  result: Record<string, number> | null;
  error: string | null;
  process: string | null;
}

export type Mode = 'redis' | 'suspect' | 'local' | 'draining';

export interface Scheduler {
  mode: Mode;
  since: string;
  is_lease_held: boolean;
  lease_holder: string | null;
  epoch: number;
  lease_expires_at: string;
  drill_until: string | null;
}

/** When the schedules changed hands (`lease`) or their way (`mode`). */
export interface Switch {
  id: string;
  at: string;
  kind: 'lease' | 'mode';
  from_mode: Mode | null;
  to_mode: Mode;
  reason: string;
  process: string;
  epoch: number;
}

export const SCHEDULES_PATH = '/api/admin/schedules';
export const SCHEDULER_PATH = '/api/admin/scheduler';

export const schedulePath = (name: string) => `${SCHEDULES_PATH}/${encodeURIComponent(name)}`;
