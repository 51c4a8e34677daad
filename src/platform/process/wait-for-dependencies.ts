import { setTimeout as delay } from 'node:timers/promises';
import { appEnvironmentConfig, type LoadedConfig } from '../config/index.js';
import { databaseAddress, databaseConfig, tryDatabase } from '../database/index.js';
import { EvictingRedisError, redisAddress, redisConfig, tryDurableRedis } from '../redis/index.js';

const RETRY_INTERVAL_MS = 500;
/** The last attempt gets this long though the time is up. */
const SHORTEST_ATTEMPT_MS = 1_000;

/**
 * Waits until MySQL and Redis answer, or MySQL alone where Redis is not needed.
 * @throws an error that names the host and port of what did not, when the time for starting is up; at once if
 *   Redis is one that evicts.
 */
export async function waitForDependencies(
  config: LoadedConfig,
  report: (line: string) => void,
  { isRedisNeeded = true }: { isRedisNeeded?: boolean } = {},
): Promise<void> {
  const { startTimeoutMs } = config.get(appEnvironmentConfig);
  const database = config.get(databaseConfig);
  const redis = config.get(redisConfig);
  await Promise.all([
    waitFor(databaseAddress(database), () => tryDatabase(database), startTimeoutMs, report),
    isRedisNeeded && waitFor(redisAddress(redis), () => tryDurableRedis(redis), startTimeoutMs, report),
  ]);
}

async function waitFor(
  name: string,
  attempt: () => Promise<void>,
  timeoutMs: number,
  report: (line: string) => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await within(Math.max(deadline - performance.now(), SHORTEST_ATTEMPT_MS), attempt());
    } catch (error) {
      if (error instanceof EvictingRedisError) throw error;
      const reason = error instanceof Error ? error.message || error.name : String(error);
      if (performance.now() >= deadline) {
        throw new Error(`${name} did not answer for ${timeoutMs / 1000} s: ${reason}`, { cause: error });
      }
      if (isFirst) report(`Waiting for ${name}: ${reason}`);
      await delay(RETRY_INTERVAL_MS);
    }
  }
}

/** A server that takes connections and is silent would otherwise be waited for without end. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error('it takes connections but says nothing');
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    timer.abort();
  }
}
