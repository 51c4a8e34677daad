/** What a transaction adds to the sums of a day. */
export interface DaySums {
  stored_lines: number;
  entries: number;
  entry_lines: number;
  quarantined_lines: number;
  discarded_lines: number;
}

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
      sums = { stored_lines: 0, entries: 0, entry_lines: 0, quarantined_lines: 0, discarded_lines: 0 };
      this.days.set(day, sums);
    }
    sums[sum] += count;
  }

  /** In the order of the days. */
  list(): DayChange[] {
    return [...this.days]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([day, sums]) => ({ day, sums }));
  }
}
