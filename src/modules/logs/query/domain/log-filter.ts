import type { LogLevel } from '../../domain/log-line.js';
import type { DataPath } from './data-path.js';

/** Which lines are wanted: all that is given must fit. */
export interface LogFilter {
  readonly deviceId?: string | undefined;
  /** Any of these. */
  readonly levels?: readonly LogLevel[] | undefined;
  readonly traceId?: string | undefined;
  /** Somewhere in the message, in upper or lower case. */
  readonly text?: string | undefined;
  /** A text, number or boolean at a place in `log_data`, in the words of JSON. */
  readonly data?: { readonly path: DataPath; readonly value: string } | undefined;
}

/** From `fromMs` on, up to but without `toMs`; milliseconds since 1970. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where a line stands in the order of all: newer first, and of one millisecond the greater id first. */
export interface LinePlace {
  readonly createdAtMs: number;
  readonly id: string;
}

/** Whether lines are looked for by what no index knows, among those of everybody. */
export function isWideSearch({ deviceId, traceId, text, data }: LogFilter): boolean {
  return (text !== undefined || data !== undefined) && deviceId === undefined && traceId === undefined;
}
