import { setTimeout as delay } from 'node:timers/promises';

/** A caller that was refused waits this long, so that a fault does not become a busy loop. */
const PAUSE_AFTER_ERROR_MS = 50;

export interface ClosedLoop<T> {
  /** How many callers there are at once; each makes its next call when the one before has ended. */
  callers: number;
  warmUpSeconds: number;
  seconds: number;
  /** Makes one call and returns what was measured. What it throws is counted as an error. */
  call(caller: number): Promise<T>;
}

export interface ClosedLoopResult<T> {
  /** Of the calls that ended within the time, warm-up not included. */
  results: T[];
  perSecond: number;
  /** What was thrown, and how often, in the whole of the run. */
  errors: Map<string, number>;
}

/**
 * Runs callers for a while. They begin one after another over the warm-up: calls of equal length would otherwise
 * begin and end all at once for ever. Calls that run when the time is up are waited for and not counted.
 */
export async function runClosedLoop<T>(load: ClosedLoop<T>): Promise<ClosedLoopResult<T>> {
  const startedAt = performance.now();
  const countFrom = startedAt + load.warmUpSeconds * 1000;
  const until = countFrom + load.seconds * 1000;
  const results: T[] = [];
  const errors = new Map<string, number>();
  const runCaller = async (caller: number) => {
    await delay((caller / load.callers) * load.warmUpSeconds * 1000);
    while (performance.now() < until) {
      try {
        const result = await load.call(caller);
        const now = performance.now();
        if (now >= countFrom && now < until) results.push(result);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        errors.set(text, (errors.get(text) ?? 0) + 1);
        await delay(PAUSE_AFTER_ERROR_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: load.callers }, (_, caller) => runCaller(caller)));
  return { results, perSecond: results.length / load.seconds, errors };
}
