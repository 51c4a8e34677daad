const MAX_AHEAD_MS = 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const YEAR_DIGITS = 4;
const DATE_LENGTH = 10;
const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** What a client's time is judged by: one for all lines of a request. */
export interface TimeWindow {
  readonly nowMs: number;
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** Times are believed that are not older than lines are kept, and not more than an hour ahead. */
export function timeWindow(nowMs: number, retentionDays: number): TimeWindow {
  return { nowMs, oldestMs: nowMs - retentionDays * DAY_MS, newestMs: nowMs + MAX_AHEAD_MS };
}

/** Whether a time may stand as the time of a line. */
export function isSane(window: TimeWindow, ms: number): boolean {
  return ms >= window.oldestMs && ms <= window.newestMs;
}

/** Milliseconds since 1970 from ISO 8601 text (without a zone: UTC) or a number of milliseconds; else NaN. */
export function parseTime(given: unknown): number {
  if (typeof given === 'number') return given >= 0 ? Math.floor(given) : Number.NaN;
  // `Date.parse` takes "1" and "May" as well.
  if (typeof given !== 'string' || given.length < DATE_LENGTH || given.charAt(YEAR_DIGITS) !== '-')
    return Number.NaN;
  const isDateOnly = given.length === DATE_LENGTH;
  return Date.parse(isDateOnly || ZONE.test(given) ? given : `${given}Z`);
}
