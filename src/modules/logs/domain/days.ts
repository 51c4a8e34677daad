/** Days are those of UTC, as `2026-11-22`. */

export const DAY_MS = 86_400_000;
/** The years that a DATETIME column holds without a sign. */
const EARLIEST_MS = Date.UTC(1000, 0, 1);
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The day of a time, in milliseconds since 1970. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function startOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

export function addDays(day: string, count: number): string {
  return dayOf(startOfDay(day) + count * DAY_MS);
}

/** Whether the column for a line's time takes this time. */
export function isStorableTime(ms: number): boolean {
  return ms >= EARLIEST_MS && ms <= LATEST_MS;
}

let lastSecond = Number.NaN;
let lastSecondText = '';

/** A time as a DATETIME(3) text. Lines that come together are often of one second, whose text is kept. */
export function sqlTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    lastSecond = second;
  }
  return `${lastSecondText}.${String(ms - second * 1000).padStart(3, '0')}`;
}

/** The time in a UUID of version 7, in milliseconds since 1970; undefined for any other id. */
export function timeOfId(id: string): number | undefined {
  return id.charAt(14) === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}

/** The lowest text that a UUID of version 7 of this time or a later one can have. */
export function firstIdOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
