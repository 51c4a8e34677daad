import { Injectable } from '@nestjs/common';
import type { MeasuredQueue } from '../../../platform/queue/index.js';
import {
  type HeardProcess,
  judgeProcesses,
  type JudgedProcess,
  type QueueWait,
} from '../domain/process-state.js';
import { Reading } from '../reading.js';
import { ProcessRepository } from './process.repository.js';
import { QueueWatch } from './queue-watch.js';

const READING_AGE_MS = 900;
const TIMEOUT_MS = 200;
/** Longer than anybody waits, so that a slow answer does not cost the connection. */
const QUERY_TIMEOUT_MS = 1_000;

/** The processes as they are known. */
export interface KnownProcesses {
  readonly processes: readonly JudgedProcess[];
  /** How old that is. More than a second or two: MySQL does not say any more. */
  readonly ageMs: number;
}

/** Holds what processes say of themselves against the connections that Redis knows and the work that waits. */
@Injectable()
export class ProcessWatch {
  private readonly heard: Reading<HeardProcess[]>;

  constructor(
    repository: ProcessRepository,
    private readonly queues: QueueWatch,
  ) {
    this.heard = new Reading(() => repository.listHeard(QUERY_TIMEOUT_MS), {
      maxAgeMs: READING_AGE_MS,
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** How every process is. @throws if MySQL does not answer in time. */
  async read(): Promise<JudgedProcess[]> {
    const [heard, connectedWorkerIds, queues] = await Promise.all([
      this.heard.read(),
      this.queues.connectedWorkers.tryRead(),
      this.queues.states.tryRead(),
    ]);
    return judgeProcesses(heard, { connectedWorkerIds, queues: queues?.map(toQueueWait) });
  }

  /** How every process is, or was when MySQL last answered; undefined if it never has. */
  async readOrRemember(): Promise<KnownProcesses | undefined> {
    try {
      return { processes: await this.read(), ageMs: 0 };
    } catch {
      const { last } = this.heard;
      if (!last) return undefined;
      // What they said then, by what was known then: their silence since is MySQL's, not theirs.
      const evidence = { connectedWorkerIds: undefined, queues: undefined };
      return {
        processes: judgeProcesses(last.value, evidence),
        ageMs: performance.now() - last.atMs,
      };
    }
  }
}

function toQueueWait({ queue, isPaused, oldestWaitingMs }: MeasuredQueue): QueueWait {
  const { name, objectiveMs, isSerial } = queue;
  return { name, objectiveMs, isSerial, isPaused, oldestWaitingMs };
}
