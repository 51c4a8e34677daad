import { z } from 'zod';
import { defineJob, defineQueue } from '../../../platform/queue/index.js';
import { SAVE_SHARDS } from '../domain/shards.js';

/** One queue for each shard of conversations; in each, one save at a time over all processes. */
export const saveQueue = defineQueue({
  name: 'conversation-saves',
  shards: SAVE_SHARDS,
  isSerial: true,
  concurrency: 1,
  lockDurationMs: 10_000,
  // The turns wait in Redis and in the table `waiting_turns`; `SaveWaker` looks there every five seconds.
  isDrainable: true,
  objectiveMs: 10_000,
});

/**
 * Wakes a worker to save what waits in a shard. The turns themselves wait in order in Redis (`turn.store.ts`),
 * so a job that is lost, repeated or late changes nothing but the time.
 */
export const saveTurns = defineJob({
  name: 'conversation.save-turns.v1',
  queue: saveQueue,
  payload: z.object({
    shard: z
      .int()
      .min(0)
      .max(SAVE_SHARDS - 1),
  }),
  attempts: 3,
  backoffMs: 500,
  timeoutMs: 60_000,
  keepCompleted: 100,
  keepFailed: 1_000,
  idempotency: { mode: 'coalesce', key: ({ shard }) => `save-${shard}` },
  shardOf: ({ shard }) => shard,
});
