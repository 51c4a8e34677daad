import { Injectable, Logger } from '@nestjs/common';
import {
  type JobDetails,
  type JobOutcome,
  type JobPosition,
  type JobSummary,
  QueueOperations,
  type QueueState,
} from '../../platform/queue/index.js';
import { RedisAwayError } from '../../platform/redis/index.js';
import { type AuditEvent, AuditLog } from '../audit/index.js';
import {
  jobInOtherState,
  jobNotFound,
  queueNotDrainable,
  queueNotFound,
  queuesUnavailable,
} from './queues.errors.js';

const RETRY_AFTER_SECONDS = 1;

/** Who acts, and why. */
export interface Intent {
  readonly operatorId: string;
  readonly reason: string;
}

/**
 * What operators see of the queues and do about them. What they do is in the audit log before it is done: if it then
 * fails, a second entry says so. @throws queue_not_found, queues_unavailable
 */
@Injectable()
export class QueueOperator {
  private readonly logger = new Logger('Queues');

  constructor(
    private readonly queues: QueueOperations,
    private readonly audit: AuditLog,
  ) {}

  list(): Promise<QueueState[]> {
    return reachable(() => this.queues.list());
  }

  async find(name: string): Promise<QueueState> {
    const queue = await reachable(() => this.queues.find(name));
    if (!queue) throw queueNotFound({ param: 'name' });
    return queue;
  }

  /** Pausing a paused queue changes nothing. */
  async pause(intent: Intent, name: string): Promise<QueueState> {
    const { isPaused } = await this.find(name);
    if (!isPaused) await this.act(intent, 'queue.paused', name, {}, () => this.queues.pause(name));
    return this.find(name);
  }

  async resume(intent: Intent, name: string): Promise<QueueState> {
    const { isPaused } = await this.find(name);
    if (isPaused) await this.act(intent, 'queue.resumed', name, {}, () => this.queues.resume(name));
    return this.find(name);
  }

  /** @returns how many jobs were thrown away. @throws queue_not_drainable */
  async drain(intent: Intent, name: string): Promise<number> {
    const { isDrainable, counts } = await this.find(name);
    if (!isDrainable) throw queueNotDrainable({ param: 'name' });
    const detail = { waiting: counts.waiting };
    return this.act(intent, 'queue.drained', name, detail, () => this.queues.drain(name));
  }

  /** @returns how many jobs are tried again. */
  async retryFailed(intent: Intent, name: string): Promise<number> {
    const { counts } = await this.find(name);
    const detail = { failed: counts.failed };
    return this.act(intent, 'queue.failed_retried', name, detail, () => this.queues.retryFailed(name));
  }

  async listJobs(
    name: string,
    state: JobSummary['state'],
    limit: number,
    position?: JobPosition,
  ): Promise<{ jobs: JobSummary[]; next: JobPosition | undefined }> {
    await this.find(name);
    return reachable(() => this.queues.listJobs(name, state, limit, position));
  }

  /** @throws job_not_found */
  async findJob(name: string, jobId: string): Promise<JobDetails> {
    await this.find(name);
    const job = await reachable(() => this.queues.findJob(name, jobId));
    if (!job) throw jobNotFound({ param: 'id' });
    return job;
  }

  /** Has a failed job tried again. @throws job_not_found, job_in_other_state */
  async retryJob(intent: Intent, name: string, jobId: string): Promise<void> {
    const { state } = await this.findJob(name, jobId);
    if (state !== 'failed') throw jobInOtherState({ details: { state } });
    await this.actOnJob(intent, 'queue.job_retried', name, jobId, () => this.queues.retryJob(name, jobId));
  }

  /** @throws job_not_found; job_in_other_state if it runs, or waits in a queue that must not be drained. */
  async removeJob(intent: Intent, name: string, jobId: string): Promise<void> {
    const { state } = await this.findJob(name, jobId);
    if (state === 'active') throw jobInOtherState({ details: { state } });
    await this.actOnJob(intent, 'queue.job_removed', name, jobId, () => this.queues.removeJob(name, jobId));
  }

  private async actOnJob(
    intent: Intent,
    action: AuditEvent['action'],
    name: string,
    jobId: string,
    work: () => Promise<JobOutcome>,
  ): Promise<void> {
    // Between the look before and the deed, the job may have moved on.
    await this.act(intent, action, name, { job_id: plainWord(jobId) }, async () => {
      const outcome = await work();
      if (outcome === 'not_found') throw jobNotFound({ param: 'id' });
      if (outcome === 'other_state') throw jobInOtherState();
    });
  }

  private async act<T>(
    { operatorId, reason }: Intent,
    action: AuditEvent['action'],
    name: string,
    detail: NonNullable<AuditEvent['detail']>,
    work: () => Promise<T>,
  ): Promise<T> {
    const event = {
      actor: { kind: 'operator', id: operatorId },
      subjectKind: 'queue',
      subjectId: name,
      reason,
    } as const;
    await this.audit.record({ ...event, action, detail });
    try {
      const result = await reachable(work);
      this.logger.log(action, { queue: name, ...detail });
      return result;
    } catch (error) {
      await this.audit.record({ ...event, action: 'queue.operation_failed', detail: { ...detail, action } });
      throw error;
    }
  }
}

async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RedisAwayError)) throw cause;
    throw queuesUnavailable({
      detail: 'Redis is away, and with it the queues. Conversations go on in the database meanwhile.',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    });
  }
}

/** As the audit log takes it. */
function plainWord(text: string): string {
  return text.replaceAll(/[^\w.:/#+*,-]/g, '_').slice(0, 100);
}
