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
