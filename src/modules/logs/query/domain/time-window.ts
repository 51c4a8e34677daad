import type { TimeWindow } from './log-filter.js';

const HOUR_MS = 3_600_000;
/** A line may bear a time that is this far ahead of ours: the newest lines are not to be missed for it. */
const CLOCKS_AHEAD_MS = HOUR_MS;

/** The window that is meant where one or both of its ends are left out: the last `defaultHours` up to its end. */
export function completeWindow(
  { fromMs, toMs }: { fromMs?: number | undefined; toMs?: number | undefined },
  nowMs: number,
  defaultHours: number,
): TimeWindow {
  return {
    fromMs: fromMs ?? (toMs ?? nowMs) - defaultHours * HOUR_MS,
    toMs: toMs ?? Math.max(nowMs, fromMs ?? nowMs) + CLOCKS_AHEAD_MS,
  };
}

/** Whether a window is longer than so many hours, not counting what lies ahead of now. */
export function isLongerThan(hours: number, { fromMs, toMs }: TimeWindow, nowMs: number): boolean {
  return Math.min(toMs, nowMs) - fromMs > hours * HOUR_MS;
}
