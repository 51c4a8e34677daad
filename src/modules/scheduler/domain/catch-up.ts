import type { CatchUp, Cron } from '../../../platform/schedule/index.js';

/** More slots than this are not counted. */
export const MAX_COUNTED_SLOTS = 1_000;

/** What has become of the slots of a task in a time that is over. */
export interface PassedSlots {
  readonly cron: Cron;
  readonly catchUp: CatchUp;
  readonly isPaused: boolean;
  /** Slots after this, up to and with `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
  /** Of the latest `MAX_COUNTED_SLOTS`: those that have a row. */
  readonly known: ReadonlySet<number>;
  /** How late a slot may be to be run all the same where passed ones are skipped. */
  readonly misfireMs: number;
}

/** Slots that nobody will run: one row stands for all of them. */
export interface SkippedSlots {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Null: more than are counted. */
  readonly count: number | null;
  readonly reason: 'missed' | 'paused';
}

export interface SlotPlan {
  /** To be run, the oldest first. */
  readonly run: readonly number[];
  readonly skipped: SkippedSlots | undefined;
}

/** Decides what becomes of the passed slots that have no row, by the task's rule. */
export function planPassedSlots(passed: PassedSlots): SlotPlan {
  const { cron, fromMs, toMs, known, isPaused } = passed;
  const { slots, isComplete } = cron.between(fromMs, toMs, MAX_COUNTED_SLOTS);
  const missing = slots.filter((slot) => !known.has(slot));
  const run = isPaused ? [] : missing.slice(missing.length - countToRun(passed, missing));
  const left = missing.slice(0, missing.length - run.length);
  const lastMs = left.at(-1) ?? (isComplete ? undefined : cron.latest((slots[0] ?? toMs) - 1));
  if (lastMs === undefined) return { run, skipped: undefined };
  const skipped = {
    firstMs: isComplete ? (left[0] ?? lastMs) : cron.next(fromMs),
    lastMs,
    count: isComplete ? left.length : null,
    reason: isPaused ? ('paused' as const) : ('missed' as const),
  };
  return { run, skipped };
}

function countToRun({ catchUp, nowMs, misfireMs }: PassedSlots, missing: readonly number[]): number {
  const latest = missing.at(-1);
  if (latest === undefined) return 0;
  switch (catchUp.mode) {
    case 'skip':
      return nowMs - latest <= misfireMs ? 1 : 0;
    case 'latest':
      return 1;
    case 'all':
      return Math.min(missing.length, catchUp.max);
  }
}
