/** A queue of background work. Its jobs run in worker processes. */
export interface QueueDefinition {
  readonly name: string;
  /** Into how many BullMQ queues it is split; a job's payload decides which. Not to be changed while jobs wait. */
  readonly shards: number;
  /** True: one job at a time in each shard, over all processes. */
  readonly isSerial: boolean;
  /** How many jobs of one shard a worker process runs at once. */
  readonly concurrency: number;
  /** After how long a job whose worker died is given to another, in milliseconds. */
  readonly lockDurationMs: number;
  /**
   * Whether an operator may throw away what waits: true if its jobs only hasten work that is written down elsewhere
   * and found there by other means.
   */
  readonly isDrainable: boolean;
  /** How long a job may wait until it is begun; one that has waited for longer is told to operators. */
  readonly objectiveMs: number;
}

/** Declares a queue. */
export function defineQueue<const D extends QueueDefinition>(definition: D): D {
  return definition;
}

/** The names of the BullMQ queues behind a queue, one for each shard. */
export function shardNames(queue: QueueDefinition): string[] {
  if (queue.shards === 1) return [queue.name];
  return Array.from({ length: queue.shards }, (_, shard) => `${queue.name}-${shard}`);
}
