import { z } from 'zod';
import type { TaskDefinition } from '../../src/modules/task/index.ts';

/** What a task of the benchmark is to do: nothing, for so long. */
export interface IdlePayload {
  work_ms: number;
}

/** A kind that the benchmark adds to those of the product, in the queue in which files are processed. */
export const idleTask: TaskDefinition<IdlePayload, Record<string, number>> = {
  name: 'benchmark.idle',
  queue: 'file_processing',
  payload: z.object({ work_ms: z.number() }),
  result: z.record(z.string(), z.number()),
  isPublic: false,
};
