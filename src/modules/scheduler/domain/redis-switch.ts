/** How the schedules are driven. `docs/scheduler.md` draws it. */
export const scheduleModes = ['redis', 'suspect', 'local', 'draining'] as const;
export type ScheduleMode = (typeof scheduleModes)[number];

/** What the switch knows. */
export interface SwitchState {
  readonly mode: ScheduleMode;
  /** Probes that failed one after the other. */
  readonly failures: number;
  /** Since when every probe was good, in milliseconds of some steady clock. */
  readonly goodSinceMs: number | undefined;
}

/** When it switches: after so many failed probes in a row, and back after so long without one. */
export interface SwitchLimits {
  readonly failures: number;
  readonly stableMs: number;
}

/** Something that the switch is told. `failure`: why the probe failed. */
export type SwitchEvent =
  | { readonly kind: 'probed'; readonly failure: string | undefined }
  /** The local ticker stands, and Redis has all schedules again. */
  | { readonly kind: 'drained' };

/** The first state of a process, given the mode that its predecessor left. */
export function beginSwitch(mode: ScheduleMode): SwitchState {
  // Who took over in the middle of a change begins it anew.
  if (mode === 'redis' || mode === 'suspect') return { mode: 'redis', failures: 0, goodSinceMs: undefined };
  return { mode: 'local', failures: 0, goodSinceMs: undefined };
}

/** What follows from an event at `nowMs`. No failed probe is forgotten before a good one. */
export function nextSwitch(
  state: SwitchState,
  event: SwitchEvent,
  nowMs: number,
  limits: SwitchLimits,
): SwitchState {
  if (event.kind === 'drained') {
    return state.mode === 'draining' ? { mode: 'redis', failures: 0, goodSinceMs: undefined } : state;
  }
  return event.failure === undefined ? afterGood(state, nowMs, limits) : afterFailure(state, limits);
}

function afterGood(state: SwitchState, nowMs: number, { stableMs }: SwitchLimits): SwitchState {
  if (state.mode === 'redis' || state.mode === 'suspect') {
    return { mode: 'redis', failures: 0, goodSinceMs: undefined };
  }
  const goodSinceMs = state.goodSinceMs ?? nowMs;
  const mode = state.mode === 'local' && nowMs - goodSinceMs >= stableMs ? 'draining' : state.mode;
  return { mode, failures: 0, goodSinceMs };
}

function afterFailure(state: SwitchState, limits: SwitchLimits): SwitchState {
  const failures = state.failures + 1;
  const isLost = state.mode === 'local' || state.mode === 'draining' || failures >= limits.failures;
  return { mode: isLost ? 'local' : 'suspect', failures, goodSinceMs: undefined };
}
