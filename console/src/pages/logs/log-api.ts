export const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type Level = (typeof levels)[number];

export interface LogLine {
  id: string;
  device_id: string;
  log_level: Level;
  message: string;
  log_data: Record<string, unknown> | null;
  created_at: string;
  trace_id: string | null;
  span_id: string | null;
  /** In a tail: it was too long to be sent with its data. */
  is_shortened?: boolean;
}

export interface QuarantinedLog {
  id: string;
  receipt_id: string;
  kind: 'line' | 'entry';
  line_count: number;
  content: string;
  error: string;
  created_at: string;
}

export interface Accounting {
  is_closed: boolean;
  accepted_lines: number;
  stored_lines: number;
  quarantined_lines: number;
  discarded_lines: number;
  pending_lines: number;
  difference_lines: number;
  dropped_lines: number;
  missing_entries: number;
  backlog: { entries: number; bytes: number; limit_bytes: number; lag_seconds: number };
}

export const QUARANTINE_PATH = '/api/logs/quarantine';
