export const logLevels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The longest `log_data`, as JSON text: such a line is still stored and quarantined within one packet of any server. */
export const MAX_LOG_DATA_CHARACTERS = 1_000_000;

/** One line as it is taken in; everything has been checked. */
export interface LogLine {
  /** UUIDv7, the message_id. */
  readonly id: string;
  /** 1–50 characters. */
  readonly device_id: string;
  readonly log_level: LogLevel;
  /** 1–5000 characters. */
  readonly message: string;
  readonly log_data: Record<string, unknown> | null;
  /** Milliseconds since 1970: the client's time if it gave a sane one, else ours. */
  readonly created_at: number;
  /** 32 hex digits, lower case. */
  readonly trace_id: string | null;
  /** 16 hex digits, lower case. */
  readonly span_id: string | null;
}
