import { addDays } from './days.js';

/** Days for which a partition is there before they come. */
export const DAYS_AHEAD = 7;

/** What is to be done to the partitions of a table. Days in order. */
export interface PartitionPlan {
  readonly make: readonly string[];
  readonly drop: readonly string[];
}

/**
 * Plans the partitions of a table that has those of `existing` days. They follow each other without a gap, up to a week
 * ahead. One is dropped when all of its day is older than the retention.
 */
export function planPartitions(
  existing: readonly string[],
  today: string,
  retentionDays: number,
): PartitionPlan {
  const days = [...existing].sort();
  const last = days.at(-1) ?? addDays(today, -2);
  const make: string[] = [];
  for (let day = addDays(last, 1); day <= addDays(today, DAYS_AHEAD); day = addDays(day, 1)) make.push(day);
  const oldestKept = addDays(today, -retentionDays);
  return { make, drop: days.filter((day) => day < oldestKept) };
}

const NAME = /^p(\d{4})(\d{2})(\d{2})$/;

export function partitionName(day: string): string {
  return `p${day.replaceAll('-', '')}`;
}

/** The day of a partition; undefined for the one that takes all later ones. */
export function dayOfPartition(name: string): string | undefined {
  const match = NAME.exec(name);
  return match ? `${match[1]}-${match[2]}-${match[3]}` : undefined;
}
