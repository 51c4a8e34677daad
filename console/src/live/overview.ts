/** The event `overview` of the live stream, as the API makes it. Numbers that cannot be known just now are null. */
export interface Overview {
  at: string;
  verdicts: Record<VerdictName, Verdict>;
  redis: 'up' | 'down';
  mysql: 'up' | 'down';
  scheduler: { mode: string | null } | null;
  rates: {
    turns_per_s: number | null;
    logs_per_s: number | null;
    coins_per_s: string | null;
    requests_per_s: number | null;
    errors_per_s: number | null;
  };
  latency_ms: { p50: number | null; p95: number | null };
  save_lag_ms: number | null;
  queues: QueueState[];
  processes: { alive: number | null; stuck: number | null; lost: number | null };
  parked_conversations: number | null;
  quarantined_entries: number | null;
  log_backlog_bytes: number | null;
}

export const verdictNames = ['flow', 'execution', 'liveness'] as const;
export type VerdictName = (typeof verdictNames)[number];

/** Something that is found wrong; its code stands for one kind of trouble. */
export interface Finding {
  state: 'ok' | 'warning' | 'failing';
  reason_code: string;
  /** What was found this time, in English. */
  reason: string;
  /** What to do about it, in English. */
  action: string;
}

export interface Verdict extends Finding {
  /** What else speaks against it. */
  also?: Finding[];
}

export interface QueueState {
  name: string;
  waiting: number | null;
  active: number | null;
  delayed: number | null;
  failed: number | null;
  oldest_age_ms: number | null;
  objective_ms: number | null;
  is_paused: boolean | null;
}
