import type { LogLevel } from '../domain/log-line.js';

/** The columns of the sums of a day that transactions add to. */
export const sumColumns = [
  'stored_lines',
  'debug_lines',
  'info_lines',
  'warning_lines',
  'error_lines',
  'critical_lines',
  'entries',
  'entry_lines',
  'quarantined_lines',
  'discarded_lines',
] as const;
type SumColumn = (typeof sumColumns)[number];

/** The sum of the lines of each level. */
export const levelColumns: Readonly<Record<LogLevel, SumColumn>> = {
  DEBUG: 'debug_lines',
  INFO: 'info_lines',
  WARNING: 'warning_lines',
  ERROR: 'error_lines',
  CRITICAL: 'critical_lines',
};

/** What a transaction adds to the sums of a day. */
export type DaySums = Record<SumColumn, number>;

export interface DayChange {
  readonly day: string;
  readonly sums: Readonly<DaySums>;
}

/** Adds up what a transaction changes, by day. */
export class DayChanges {
  private readonly days = new Map<string, DaySums>();

  add(day: string, sum: keyof DaySums, count: number): void {
    let sums = this.days.get(day);
    if (!sums) {
      sums = Object.fromEntries(sumColumns.map((column) => [column, 0])) as DaySums;
      this.days.set(day, sums);
    }
    sums[sum] += count;
  }

  /** A line that is stored on its day. Its level has been checked. */
  addLine(day: string, logLevel: string): void {
    this.add(day, 'stored_lines', 1);
    this.add(day, levelColumns[logLevel as LogLevel], 1);
  }

  /** In the order of the days. */
  list(): DayChange[] {
    return [...this.days]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([day, sums]) => ({ day, sums }));
  }
}
