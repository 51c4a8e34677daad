import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { isDatabaseAway } from '../../../platform/database/index.js';
import { withLogFields } from '../../../platform/logging/index.js';
import { JobWorkers } from '../../../platform/queue/index.js';
import { newId } from '../../../shared/ids.js';
import type { RunPayload } from '../jobs/task-queues.js';
import { RunRepository, type StartedRun } from '../store/run.repository.js';
import { TaskAdmission } from '../task-admission.service.js';
import { TaskRegistry } from '../task-registry.js';
import { endOf, type RunEnd, RunEndedError } from './run-outcome.js';
import { TaskHeartbeats } from './task-heartbeats.js';
import { type RunOutcome, TaskMetrics } from './task-metrics.js';
import { WorkerRecycling } from './worker-recycling.js';

/** How long an end is written again and again while the database is away; then the run is taken for lost. */
const MAX_WRITES = 20;
const WRITE_PAUSE_MS = 1_000;

/** Runs tasks: each run is fenced by the row, bounded in time, and can be told to end. */
@Injectable()
export class TaskRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Tasks');
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly registry: TaskRegistry,
    private readonly runs: RunRepository,
    private readonly heartbeats: TaskHeartbeats,
    private readonly admission: TaskAdmission,
    private readonly workers: JobWorkers,
    private readonly metrics: TaskMetrics,
    private readonly recycling: WorkerRecycling,
  ) {}

  /** Does a run of a task, unless another has begun it or it is not wanted any more. */
  async run({ task_id, attempt }: RunPayload, stopped: AbortSignal): Promise<void> {
    const endRun = this.recycling.begin();
    const running = this.runOnce(task_id, attempt, stopped);
    this.running.add(running);
    try {
      await running;
    } finally {
      this.running.delete(running);
      endRun();
    }
  }

  /** Waits until what the last runs have to write is written. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.workers.stop();
    await Promise.allSettled(this.running);
  }

  private async runOnce(taskId: string, attempt: number, stopped: AbortSignal): Promise<void> {
    const run = await this.runs.begin(taskId, attempt, newId(), this.workers.id);
    if (!run) return;
    const { queue } = run.place;
    this.admission.hasten(queue);
    this.metrics.begun(queue, run.waitedMs);
    const startedAt = performance.now();
    await withLogFields({ task_id: taskId, task_name: run.name }, async () => {
      const outcome = await this.settle(run, await this.handle(run, stopped));
      this.metrics.ended(queue, run.name, outcome, startedAt);
    });
    this.admission.hasten(queue);
  }

  private async handle(run: StartedRun, stopped: AbortSignal): Promise<RunEnd> {
    const controller = new AbortController();
    const end = (why: RunEndedError['why']) => controller.abort(new RunEndedError(why));
    const timer = setTimeout(() => end('timed_out'), run.timeoutMs);
    const onStop = () => end('stopped');
    if (stopped.aborted) onStop();
    else stopped.addEventListener('abort', onStop, { once: true });
    const forget = this.heartbeats.keep(run, controller);
    try {
      const { id: taskId, ownerId } = run.place;
      const { attempt, payload } = run;
      return await endOf(this.registry.find(run.name), payload, {
        taskId,
        ownerId,
        attempt,
        signal: controller.signal,
      });
    } finally {
      forget();
      clearTimeout(timer);
      stopped.removeEventListener('abort', onStop);
    }
  }

  private async settle(run: StartedRun, end: RunEnd): Promise<RunOutcome> {
    for (let writes = 1; ; writes++) {
      try {
        return await this.write(run, end);
      } catch (error) {
        if (!isDatabaseAway(error) || writes === MAX_WRITES) throw error;
        await delay(WRITE_PAUSE_MS);
      }
    }
  }

  private async write(run: StartedRun, end: RunEnd): Promise<RunOutcome> {
    switch (end.kind) {
      case 'finished':
        return (await this.runs.finish(run, end.result)) ? 'finished' : 'lost';
      case 'cancelled':
        return (await this.runs.cancel(run)) ? 'cancelled' : 'lost';
      case 'stopped':
        return (await this.runs.release(run)) ? 'released' : 'lost';
      case 'lost':
        return 'lost';
      case 'failed': {
        const isFinal = end.isFinal || run.isLastTry;
        if (!(await this.runs.fail(run, end.failure, isFinal ? 'failed' : 'tried_later'))) return 'lost';
        const { code, text: reason, stack } = end.failure;
        if (isFinal) this.logger.error('task failed for good', stack, { code, reason });
        else this.logger.warn('task is tried again', { code, reason });
        return isFinal ? 'failed' : 'retried';
      }
    }
  }
}
