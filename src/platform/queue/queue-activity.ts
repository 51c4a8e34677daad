import { type QueueDefinition, shardNames } from './define-queue.js';

/** What this process does for a queue. */
export interface QueueActivity {
  readonly name: string;
  /** How many jobs it runs at once at the most, over all shards. */
  readonly concurrency: number;
  /** How many it runs. */
  readonly active: number;
  /** When a job of the queue last began or ended here; undefined if none ever has. */
  readonly lastProgressAt: Date | undefined;
}

/** Counts the jobs that this process runs, queue by queue. */
export class QueueActivities {
  private readonly states: ReadonlyMap<string, { concurrency: number; active: number; progressAt?: Date }>;

  /** @param concurrencyOf how many jobs of one shard of a queue this process runs at once. */
  constructor(queues: readonly QueueDefinition[], concurrencyOf: (queue: QueueDefinition) => number) {
    this.states = new Map(
      queues.map((queue) => [
        queue.name,
        { concurrency: concurrencyOf(queue) * shardNames(queue).length, active: 0 },
      ]),
    );
  }

  /** Notes that a job begins. Call what is returned, once, when it has ended. */
  begin(queue: string): () => void {
    this.change(queue, 1);
    return () => this.change(queue, -1);
  }

  list(): QueueActivity[] {
    return [...this.states].map(([name, { concurrency, active, progressAt }]) => ({
      name,
      concurrency,
      active,
      lastProgressAt: progressAt,
    }));
  }

  private change(queue: string, by: number): void {
    const state = this.states.get(queue);
    if (!state) throw new Error(`This process does not work for the queue ${queue}.`);
    state.active += by;
    state.progressAt = new Date();
  }
}
