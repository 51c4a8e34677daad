/** What the API of tasks answers. */
export const taskStates = [
  'queued',
  'started',
  'finished',
  'failed',
  'scheduled',
  'deferred',
  'cancelled',
] as const;
export type TaskState = (typeof taskStates)[number];

/** A task as its owner sees it. */
export interface Task {
  id: string;
  name: string;
  queue: string;
  state: TaskState;
  reason: string | null;
  subject_id: string | null;
  priority: number;
  attempt: number;
  failures: number;
  max_retries: number;
  retry_interval_ms: number;
  timeout_ms: number;
  result_ttl_ms: number;
  failure_ttl_ms: number;
  payload: unknown;
  result: unknown;
  error: { code: string; message: string } | null;
  flow_id: string | null;
  step: number | null;
  created_at: string;
  due_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  expires_at: string | null;
}

/** A flow in a list: the states of the tasks of each step. */
export interface FlowSummary {
  id: string;
  created_at: string;
  current_step: number;
  steps: TaskState[][];
}

export interface Flow {
  id: string;
  current_step: number;
  steps: Task[][];
}

interface Spread {
  count: number;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

export interface TaskQueue {
  name: string;
  counts: Record<TaskState, number>;
  waiting_users: number;
  waited_ms: Spread;
  ran_ms: Spread;
}

export interface Lane {
  user_id: string;
  turn: number;
  is_waiting: boolean;
  is_at_limit: boolean;
  queued: number;
  at_hand: number;
  started: number;
  scheduled: number;
  deferred: number;
}

export interface Lanes {
  turn: number;
  max_running: number;
  window: number;
  items: Lane[];
}

/** A task as operators see it in a list, in the words of RQ. */
export interface Job {
  job_id: string;
  func_name: string;
  queue_name: string;
  status: TaskState;
  user_id: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  exc_info: string | null;
}

export interface JobDetails extends Job {
  args: unknown;
  result: unknown;
  reason: string | null;
  priority: number;
  attempts: number;
  failures: number;
  max_retries: number;
  retry_interval_ms: number;
  timeout_ms: number;
  result_ttl_ms: number;
  failure_ttl_ms: number;
  flow_id: string | null;
  step: number | null;
  due_at: string | null;
  expires_at: string | null;
}

export interface Worker {
  name: string;
  state: 'busy' | 'idle';
  queues: string[];
  current_job_id: string | null;
  birth_date: string;
}

/** What RQ's monitor wraps its answers in. */
export interface Envelope<T> {
  data: T;
}

export const TASKS_PATH = '/api/tasks';
export const FLOWS_PATH = '/api/tasks/flows';
export const QUEUES_PATH = '/api/admin/tasks/queues';
export const MONITOR_PATH = '/api/v1/rq';

export const taskPath = (id: string) => `${TASKS_PATH}/${encodeURIComponent(id)}`;
export const jobPath = (id: string) => `${MONITOR_PATH}/jobs/${encodeURIComponent(id)}`;

export const canCancel = (state: TaskState) =>
  state === 'queued' || state === 'scheduled' || state === 'deferred' || state === 'started';
export const canRequeue = (state: TaskState) => state === 'failed' || state === 'cancelled';

/** What an operator reads of a task, in the words in which its owner reads it. */
export function taskOfJob(job: JobDetails): Task {
  return {
    id: job.job_id,
    name: job.func_name,
    queue: job.queue_name,
    state: job.status,
    reason: job.reason,
    subject_id: null,
    priority: job.priority,
    attempt: job.attempts,
    failures: job.failures,
    max_retries: job.max_retries,
    retry_interval_ms: job.retry_interval_ms,
    timeout_ms: job.timeout_ms,
    result_ttl_ms: job.result_ttl_ms,
    failure_ttl_ms: job.failure_ttl_ms,
    payload: job.args,
    result: job.result,
    error: null,
    flow_id: job.flow_id,
    step: job.step,
    created_at: job.created_at,
    due_at: job.due_at,
    started_at: job.started_at,
    ended_at: job.ended_at,
    expires_at: job.expires_at,
  };
}
