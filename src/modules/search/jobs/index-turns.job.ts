import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineJob, defineQueue } from '../../../platform/queue/index.js';

export const MAX_TURNS_A_JOB = 100;

/** Work that makes saved turns findable. */
export const messageIndexQueue = defineQueue({
  name: 'message_index',
  shards: 1,
  isSerial: false,
  concurrency: 2,
  lockDurationMs: 30_000,
  // `catch-up-search-index` finds the turns that are not indexed.
  isDrainable: true,
  objectiveMs: 60_000,
});

/** Indexes the messages of saved turns. A job that is lost, or fails for good, is made up for by the task `catch-up-search-index`. */
export const indexTurns = defineJob({
  name: 'search.index-turns.v1',
  queue: messageIndexQueue,
  payload: z.object({ turn_ids: z.array(z.string().min(1).max(36)).min(1).max(MAX_TURNS_A_JOB) }),
  attempts: 5,
  backoffMs: 2_000,
  timeoutMs: 120_000,
  keepCompleted: 100,
  keepFailed: 1_000,
  idempotency: { mode: 'once', key: ({ turn_ids }) => `index-${digestOf(turn_ids)}` },
  shardOf: () => 0,
});

function digestOf(turnIds: readonly string[]): string {
  return createHash('sha256')
    .update([...turnIds].sort().join(' '))
    .digest('hex');
}
