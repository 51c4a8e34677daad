import type { RedisClient } from './redis-clients.js';
import { answerWithin } from './patience.js';
import { mayBeMisled } from './redis-away.js';
import type { RedisConnections } from './redis-connections.js';

const PROBE_KEY = 'lockkeeper:schedule-probe';
const PROBE_KEY_TTL_MS = 60_000;

/**
 * Finds out whether Redis takes writes, on a connection of its own, so that the answer says how Redis is and not how
 * busy a connection is. It writes, because a Redis that is full or read-only would answer a PING.
 */
export class RedisProbe {
  private client: Promise<RedisClient> | undefined;

  constructor(private readonly connections: RedisConnections) {}

  /** @throws what is wrong; NoAnswerError if there is no answer within the time. */
  async write(timeoutMs: number): Promise<void> {
    const client = await (this.client ??= this.connections.openFailFast());
    try {
      await answerWithin(timeoutMs, () => client.set(PROBE_KEY, '1', 'PX', PROBE_KEY_TTL_MS));
    } catch (error) {
      if (mayBeMisled(error)) client.disconnect(true);
      throw error;
    }
  }
}
