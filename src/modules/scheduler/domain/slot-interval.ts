import type { Cron } from '../../../platform/schedule/index.js';

/**
 * How far two slots of a cron expression are apart about a time, in milliseconds: the longer of what lies around that
 * time and of what comes after it, since those of weekdays, say, are not all as far apart.
 */
export function slotIntervalMs(cron: Cron, atMs: number): number {
  const next = cron.next(atMs);
  return Math.max(next - cron.latest(atMs), cron.next(next) - next);
}
