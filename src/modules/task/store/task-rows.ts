import type { StoredState, Task, TaskQueueName, TaskReason } from '../domain/task.js';

/** A task as the database has it. */
export interface TaskRow {
  id: string;
  owner_id: string;
  queue: TaskQueueName;
  name: string;
  subject_id: string | null;
  state: StoredState;
  reason: TaskReason | null;
  priority: number;
  attempt: number;
  failures: number;
  max_retries: number;
  retry_interval_ms: string | number;
  timeout_ms: string | number;
  result_ttl_ms: string | number;
  failure_ttl_ms: string | number;
  payload: string;
  result: string | null;
  error_code: string | null;
  error: string | null;
  error_stack: string | null;
  flow_id: string | null;
  step: number | null;
  due_at: Date | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  expires_at: Date | null;
}

export const TASK_COLUMNS = `id, owner_id, queue, name, subject_id, state, reason, priority, attempt, failures,
  max_retries, retry_interval_ms, timeout_ms, result_ttl_ms, failure_ttl_ms, payload, result, error_code, error, error_stack, flow_id, step, due_at, created_at, started_at, ended_at,
  expires_at`;

export function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    ownerId: row.owner_id,
    queue: row.queue,
    name: row.name,
    subjectId: row.subject_id,
    state: row.state,
    reason: row.reason,
    priority: row.priority,
    attempt: row.attempt,
    failures: row.failures,
    maxRetries: row.max_retries,
    retryIntervalMs: Number(row.retry_interval_ms),
    timeoutMs: Number(row.timeout_ms),
    resultTtlMs: Number(row.result_ttl_ms),
    failureTtlMs: Number(row.failure_ttl_ms),
    payload: JSON.parse(row.payload) as unknown,
    result: row.result === null ? undefined : (JSON.parse(row.result) as unknown),
    errorCode: row.error_code,
    error: row.error,
    errorStack: row.error_stack,
    flowId: row.flow_id,
    step: row.step,
    dueAt: row.due_at,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    expiresAt: row.expires_at,
  };
}
