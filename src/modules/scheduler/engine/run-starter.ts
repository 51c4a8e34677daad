import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import type { SlotReason } from '../domain/slot.js';
import { schedulerConfig } from '../scheduler.config.js';
import { type OpenSlot, type OpenSlots, RunRepository } from '../store/run.repository.js';
import { DatabaseWatch } from './database-watch.js';
import { PeriodicLoop } from './periodic-loop.js';
import { ScheduleMetrics } from './schedule-metrics.js';
import { TaskRegistry } from './task-registry.js';
import { TaskRunner } from './task-runner.js';
import { ThisProcess } from './engine-process.js';

/** Starts what waits to be started, the more urgent first, as far as this process has room. */
@Injectable()
export class RunStarter {
  private readonly logger = new Logger('Scheduler');
  private readonly loop: PeriodicLoop;

  constructor(
    private readonly runs: RunRepository,
    private readonly registry: TaskRegistry,
    private readonly runner: TaskRunner,
    private readonly process: ThisProcess,
    private readonly databaseWatch: DatabaseWatch,
    private readonly metrics: ScheduleMetrics,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
  ) {
    this.loop = new PeriodicLoop(
      () => this.look(),
      () => Math.min(this.nextStartInMs, this.config.pollMs),
    );
  }

  private nextStartInMs = Number.POSITIVE_INFINITY;

  start(): void {
    this.loop.start();
  }

  /** Something may wait now. */
  poke(): void {
    this.loop.poke();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async look(): Promise<void> {
    this.nextStartInMs = Number.POSITIVE_INFINITY;
    if (this.registry.names.length === 0) return;
    try {
      const open = await this.runs.listOpen(this.registry.names, this.config.pollMs);
      this.databaseWatch.noteAnswer();
      this.nextStartInMs = open.nextStartInMs ?? Number.POSITIVE_INFINITY;
      await this.takeOverLost();
      await this.startDue(await this.withoutOutdated(open), open.runningTasks);
    } catch (error) {
      this.databaseWatch.noteFailure(error);
    }
  }

  /**
   * Of several slots of a task that wait and were not begun, those with a later one beside them are skipped; and all of
   * them while one runs, if the task skips what it misses. A task that catches all up runs them one after the other.
   */
  private async withoutOutdated({ due, runningTasks }: OpenSlots): Promise<OpenSlot[]> {
    const kept: OpenSlot[] = [];
    for (const slot of due) {
      const reason = this.outdatedBy(slot, runningTasks);
      if (!reason) kept.push(slot);
      else if (await this.runs.skip(slot, reason)) this.metrics.skipped(slot.task);
    }
    return kept;
  }

  private outdatedBy(slot: OpenSlot, running: ReadonlySet<string>): SlotReason | undefined {
    const mode = this.registry.find(slot.task)?.task.catchUp.mode;
    if (slot.isManual || slot.attempt > 0 || mode === 'all') return undefined;
    const isRunning = running.has(slot.task);
    if (isRunning && mode === 'skip') return 'overlap';
    const hasLater = slot.latestDueAt !== null && slot.latestDueAt.getTime() > slot.dueAt.getTime();
    return hasLater ? (isRunning ? 'overlap' : 'superseded') : undefined;
  }

  private async startDue(due: readonly OpenSlot[], running: ReadonlySet<string>): Promise<void> {
    const urgencyOf = ({ task }: OpenSlot) => this.registry.find(task)?.task.priority ?? Infinity;
    const byUrgency = [...due].sort(
      (a, b) => urgencyOf(a) - urgencyOf(b) || a.startAt.getTime() - b.startAt.getTime(),
    );
    const taken = new Set(running);
    for (const slot of byUrgency) {
      if (!this.runner.hasRoom) return;
      const runnable = this.registry.find(slot.task);
      if (!runnable || taken.has(slot.task)) continue;
      const started = await this.runs.start(slot, this.process);
      taken.add(slot.task);
      if (typeof started === 'string') continue;
      this.metrics.started(started.path, started.latenessMs);
      this.runner.run(runnable, started, () => this.poke());
    }
  }

  /** After the database was away nobody could tell of himself; so all get the time to do so first. */
  private async takeOverLost(): Promise<void> {
    const { heartbeatTimeoutMs } = this.config;
    if (!this.databaseWatch.hasBeenThereFor(heartbeatTimeoutMs)) return;
    for (const lost of await this.runs.listLost(this.registry.names, heartbeatTimeoutMs)) {
      const retries = this.registry.find(lost.task)?.task.retries ?? 0;
      const mayRetry = lost.attempt <= retries;
      if (!(await this.runs.takeAway(lost, heartbeatTimeoutMs, mayRetry))) continue;
      this.metrics.ended(lost.task, mayRetry ? 'retried' : 'failed', 0);
      this.logger.warn('a run was taken away from a process that was not heard of any more', {
        task: lost.task,
        due_at: lost.dueAt,
        attempt: lost.attempt,
        process: lost.process,
        is_tried_again: mayRetry,
      });
      this.poke();
    }
  }
}
