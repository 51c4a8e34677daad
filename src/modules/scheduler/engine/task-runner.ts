import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigOf } from '../../../platform/config/index.js';
import { withLogFields } from '../../../platform/logging/index.js';
import type { PeriodicTask, TaskOutcome } from '../../../platform/schedule/index.js';
import { WorkInProgress } from '../../../platform/work/index.js';
import { schedulerConfig } from '../scheduler.config.js';
import { keyOfRun, type RunEnd, RunRepository, type StartedRun } from '../store/run.repository.js';
import { DatabaseWatch } from './database-watch.js';
import { PeriodicLoop } from './periodic-loop.js';
import { ScheduleMetrics } from './schedule-metrics.js';
import type { RunnableTask } from './task-registry.js';
import { ThisProcess } from './engine-process.js';

/** Why the signal of a run was aborted. */
type AbortCause = 'soft_limit' | 'hard_limit' | 'taken_away' | 'stopped';

class RunAbortedError extends Error {
  override readonly name = 'RunAbortedError';
  constructor(readonly abortCause: AbortCause) {
    super(
      {
        soft_limit: 'The soft limit of the task is over.',
        hard_limit: 'The hard limit of the task is over.',
        taken_away: 'The run was taken over by another process.',
        stopped: 'The process stops.',
      }[abortCause],
    );
  }
}

interface ActiveRun {
  readonly run: StartedRun;
  readonly task: PeriodicTask;
  readonly abort: AbortController;
  readonly startedAtMs: number;
  /** Ends when the end of the run is written down, or is another's to write. */
  ended: Promise<void>;
}

const END_RETRY_MS = 1_000;
const BEATS_A_TIMEOUT = 4;

/** Runs the handlers of slots that this process has started, within their limits. */
@Injectable()
export class TaskRunner {
  private readonly logger = new Logger('Scheduler');
  private readonly active = new Map<string, ActiveRun>();
  private readonly heart: PeriodicLoop;
  private abandoned = 0;
  private isStopping = false;
  private isCutOff = false;

  constructor(
    private readonly runs: RunRepository,
    private readonly process: ThisProcess,
    private readonly metrics: ScheduleMetrics,
    private readonly databaseWatch: DatabaseWatch,
    private readonly work: WorkInProgress,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
  ) {
    this.heart = new PeriodicLoop(
      () => this.beat(),
      () => this.config.heartbeatTimeoutMs / BEATS_A_TIMEOUT,
    );
  }

  start(): void {
    this.heart.start();
  }

  get hasRoom(): boolean {
    return !this.isStopping && this.active.size < this.config.concurrency;
  }

  /** Runs a started slot. Nobody waits for it; `onEnd` is called when there is room again. */
  run({ task, handler }: RunnableTask, run: StartedRun, onEnd: () => void): void {
    const key = keyOfRun(run);
    const abort = new AbortController();
    const active: ActiveRun = { run, task, abort, startedAtMs: performance.now(), ended: Promise.resolve() };
    this.active.set(key, active);
    const endWork = this.work.begin(task.name, key);
    const work = withLogFields({ job_id: key, job_name: task.name }, async () =>
      handler.run({ dueAt: run.dueAt, attempt: run.attempt, signal: abort.signal }),
    );
    active.ended = this.supervise(active, work).finally(() => {
      this.active.delete(key);
      endWork();
      onEnd();
    });
  }

  /**
   * Aborts what runs and gives it back as soon as it has returned, so that others begin it at once; what has not
   * returned within the time is given back all the same.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.isStopping = true;
    const ends = [...this.active.values()].map((active) => {
      active.abort.abort(new RunAbortedError('stopped'));
      return active.ended;
    });
    await Promise.race([Promise.all(ends), delay(timeoutMs, undefined, { ref: false })]);
    this.isCutOff = true;
    await Promise.all(
      [...this.active.values()].map(({ run }) =>
        this.runs.end(run, this.process.id, { kind: 'released', isCounted: true }).catch(() => false),
      ),
    );
    await this.heart.stop();
  }

  private async supervise(active: ActiveRun, work: Promise<TaskOutcome>): Promise<void> {
    const { task, abort, startedAtMs } = active;
    const softTimer = setTimeout(
      () => abort.abort(new RunAbortedError('soft_limit')),
      task.softLimitMs,
    ).unref();
    let hardTimer: NodeJS.Timeout | undefined;
    const hardLimit = new Promise<'hard_limit'>((resolve) => {
      hardTimer = setTimeout(() => resolve('hard_limit'), task.hardLimitMs).unref();
    });
    const settled = work.then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const outcome = await Promise.race([settled, hardLimit]);
    clearTimeout(softTimer);
    clearTimeout(hardTimer);
    if (outcome === 'hard_limit') this.abandon(active, settled);
    const end = outcome === 'hard_limit' ? timedOut(task) : endOf(active, outcome);
    this.metrics.ended(task.name, end.kind, performance.now() - startedAtMs);
    this.tell(active, end, outcome);
    await this.writeEnd(active, end);
  }

  private abandon({ run, task, abort }: ActiveRun, settled: Promise<unknown>): void {
    if (!abort.signal.aborted) abort.abort(new RunAbortedError('hard_limit'));
    this.metrics.setAbandoned(++this.abandoned);
    // It does not fail.
    void settled.finally(() => {
      this.metrics.setAbandoned(--this.abandoned);
      this.logger.warn('a run ended that had been given up; its result changes nothing', {
        task: task.name,
        due_at: run.dueAt,
        attempt: run.attempt,
      });
    });
  }

  /** Tries until the database has taken it, or the run is another's, or the process ends. */
  private async writeEnd({ run, task }: ActiveRun, end: RunEnd): Promise<void> {
    while (!this.isCutOff) {
      try {
        const isMine = await this.runs.end(run, this.process.id, end);
        this.databaseWatch.noteAnswer();
        if (!isMine) {
          this.logger.warn('a run ended that another process had taken over; its result changes nothing', {
            task: task.name,
            due_at: run.dueAt,
            attempt: run.attempt,
          });
        }
        return;
      } catch (error) {
        this.databaseWatch.noteFailure(error);
        await delay(END_RETRY_MS, undefined, { ref: false });
      }
    }
  }

  private tell({ run, task }: ActiveRun, end: RunEnd, outcome: unknown): void {
    const fields = { task: task.name, due_at: run.dueAt, attempt: run.attempt };
    const error = (outcome as { error?: Error }).error;
    if (end.kind === 'succeeded') this.logger.debug('a task was done', { ...fields, ...end.result });
    if (end.kind === 'retry') {
      this.logger.warn('a task failed and is tried again', { ...fields, reason: String(error) });
    }
    if (end.kind === 'failed') this.logger.error('a task failed for good', error, fields);
    if (end.kind === 'timed_out')
      this.logger.error('a task was given up at its hard limit', undefined, fields);
  }

  /** A run that is another's by now is aborted. */
  private async beat(): Promise<void> {
    if (this.active.size === 0) return;
    const before = [...this.active];
    try {
      const mine = await this.runs.beat(this.process.id);
      this.databaseWatch.noteAnswer();
      for (const [key, { abort }] of before) {
        if (this.active.has(key) && !mine.has(key)) abort.abort(new RunAbortedError('taken_away'));
      }
    } catch (error) {
      this.databaseWatch.noteFailure(error);
    }
  }
}

function timedOut(task: PeriodicTask): RunEnd {
  return { kind: 'timed_out', error: `The run did not end within its hard limit of ${task.hardLimitMs} ms.` };
}

function endOf(
  { run, task, abort }: ActiveRun,
  outcome: { result: TaskOutcome } | { error: unknown },
): RunEnd {
  const cause = abort.signal.aborted ? (abort.signal.reason as RunAbortedError).abortCause : undefined;
  // What was cut short by the end of the process is for another one to finish; it has not failed.
  if (cause === 'stopped') return { kind: 'released', isCounted: false };
  if ('result' in outcome) {
    return { kind: 'succeeded', result: outcome.result, isCutShort: cause === 'soft_limit' };
  }
  const error = describe(outcome.error);
  return run.attempt <= task.retries
    ? { kind: 'retry', error, delayMs: task.retryDelayMs }
    : { kind: 'failed', error };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
