import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import type { Transaction } from '../../../platform/database/index.js';
import { type CatchUp, readCron } from '../../../platform/schedule/index.js';
import { planPassedSlots, type SkippedSlots, type SlotPlan } from '../domain/catch-up.js';
import type { SlotPath } from '../domain/slot.js';
import { schedulerConfig } from '../scheduler.config.js';
import { type PassedSlotRows, SlotRepository } from '../store/slot.repository.js';
import { TaskRepository, type TaskState } from '../store/task.repository.js';

/** Up to when, by whom, and by what rule. */
export interface Settlement {
  readonly until: Date;
  readonly now: Date;
  readonly path: SlotPath;
  readonly epoch: number | null;
  readonly catchUp: CatchUp;
}

/** Decides, once and for all, what becomes of the slots of a task that passed without a row. */
@Injectable()
export class SlotSettler {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly slots: SlotRepository,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
  ) {}

  /** Settles the slots up to a time. The transaction has the task's row locked. @returns what was decided. */
  async settle(transaction: Transaction, state: TaskState, settlement: Settlement): Promise<SlotPlan> {
    const { until, now, catchUp } = settlement;
    if (until.getTime() <= state.settledUntil.getTime()) return { run: [], skipped: undefined };
    const plan = planPassedSlots({
      cron: readCron(state.cron),
      catchUp,
      isPaused: state.pausedAt !== null,
      fromMs: state.settledUntil.getTime(),
      toMs: until.getTime(),
      nowMs: now.getTime(),
      known: await this.slots.listKnown(transaction, state.name, state.settledUntil, until),
      misfireMs: this.config.misfireMs,
    });
    const rows = { task: state.name, path: settlement.path, epoch: settlement.epoch };
    await this.slots.insertCaughtUp(transaction, rows, plan.run);
    const pauseRowAt = plan.skipped
      ? await this.noteSkipped(transaction, state, rows, plan.skipped)
      : state.pauseRowAt;
    await this.tasks.settle(transaction, state.name, until, pauseRowAt);
    return plan;
  }

  /** The slots of one pause share a row. @returns that row's slot. */
  private async noteSkipped(
    transaction: Transaction,
    { name, pausedAt, pauseRowAt }: TaskState,
    rows: PassedSlotRows,
    skipped: SkippedSlots,
  ): Promise<Date | null> {
    if (pausedAt !== null && pauseRowAt !== null) {
      await this.slots.extendSkipped(transaction, { task: name, dueAt: pauseRowAt }, skipped);
      return pauseRowAt;
    }
    await this.slots.insertSkipped(transaction, rows, skipped);
    return pausedAt === null ? null : new Date(skipped.firstMs);
  }
}
