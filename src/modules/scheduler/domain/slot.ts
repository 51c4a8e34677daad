/** Which path began a slot: Redis, the ticker of a worker, or an operator. */
export const slotPaths = ['redis', 'local', 'manual'] as const;
export type SlotPath = (typeof slotPaths)[number];

/** Where a slot is. The last four are ends. */
export const slotStates = ['due', 'running', 'succeeded', 'failed', 'timed_out', 'skipped'] as const;
export type SlotState = (typeof slotStates)[number];

/**
 * Why a slot was skipped (`missed`: nobody could begin it; `paused`; `overlap`: the slot before it still ran when the
 * next came; `superseded`: it waited for room until the next came), or what else is to be told of one
 * (`soft_limit`: cut short and returned; `process_lost`).
 */
export const slotReasons = [
  'missed',
  'paused',
  'overlap',
  'superseded',
  'soft_limit',
  'hard_limit',
  'process_lost',
] as const;
export type SlotReason = (typeof slotReasons)[number];

/** Which slot: a run by hand has a time of its own. */
export interface SlotKey {
  readonly task: string;
  readonly dueAt: Date;
}
