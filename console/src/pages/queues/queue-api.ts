/** What the operator's API of queues answers. */
export interface Queue {
  name: string;
  is_paused: boolean;
  /** Whether what waits may be thrown away. */
  is_drainable?: boolean;
  counts: Record<JobState, number>;
  oldest_waiting_age_ms: number | null;
  workers: number;
}

export const jobStates = ['failed', 'waiting', 'active', 'delayed', 'completed'] as const;
export type JobState = (typeof jobStates)[number];

export interface JobSummary {
  id: string;
  name: string;
  state: JobState;
  attempts: number;
  max_attempts: number;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  due_at: string | null;
  error: string | null;
}

export interface Job extends JobSummary {
  data: unknown;
  is_data_cut?: boolean;
  stack: string | null;
}

export const QUEUES_PATH = '/api/admin/queues';

export const queuePath = (name: string) => `${QUEUES_PATH}/${encodeURIComponent(name)}`;
export const jobPath = (name: string, id: string) => `${queuePath(name)}/jobs/${encodeURIComponent(id)}`;
