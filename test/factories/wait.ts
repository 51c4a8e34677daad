import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until `condition` gives something true, and returns it. @throws after `timeoutMs`. */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) throw new Error(`${what} did not come true within ${timeoutMs} ms.`);
    await delay(25);
  }
}

/**
 * The shortest of some tries, in milliseconds. For a promise of "at once" that must hold each time: what is slow by
 * itself is slow in all of them, a machine that was busy with something else hardly is.
 */
export async function shortestOf(tries: number, measure: () => Promise<number>): Promise<number> {
  let shortestMs = Infinity;
  for (let count = 0; count < tries; count++) shortestMs = Math.min(shortestMs, await measure());
  return shortestMs;
}
