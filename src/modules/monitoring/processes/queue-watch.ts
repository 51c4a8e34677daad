import { Injectable } from '@nestjs/common';
import { JobQueue, type MeasuredQueue } from '../../../platform/queue/index.js';
import { Reading } from '../reading.js';

const READING_AGE_MS = 900;
/** BullMQ's list is one of all connections to Redis. */
const CONNECTIONS_AGE_MS = 1_900;
const TIMEOUT_MS = 200;

/** How the queues are, and which workers are connected to them, as Redis tells it. */
@Injectable()
export class QueueWatch {
  /** Fails while Redis is away. */
  readonly states: Reading<MeasuredQueue[]>;
  /** The ids of connected worker processes. Fails while Redis is away. */
  readonly connectedWorkers: Reading<ReadonlySet<string>>;

  constructor(jobs: JobQueue) {
    this.states = new Reading(() => jobs.states(), { maxAgeMs: READING_AGE_MS, timeoutMs: TIMEOUT_MS });
    this.connectedWorkers = new Reading(() => jobs.connectedWorkerIds(), {
      maxAgeMs: CONNECTIONS_AGE_MS,
      timeoutMs: TIMEOUT_MS,
    });
  }
}
