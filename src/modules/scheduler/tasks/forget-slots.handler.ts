import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  inBatches,
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { schedulerConfig } from '../scheduler.config.js';
import { HistoryRepository } from '../store/history.repository.js';
import { LeaseRepository } from '../store/lease.repository.js';
import { forgetSlots } from './forget-slots.task.js';

const SIZES = { first: 500, max: 1_000 };

/** Keeps the history of the schedules short. */
@Injectable()
@RunsTask(forgetSlots)
export class ForgetSlotsHandler implements PeriodicTaskHandler {
  constructor(
    private readonly history: HistoryRepository,
    private readonly leases: LeaseRepository,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
  ) {}

  async run({ signal }: TaskRun): Promise<TaskOutcome> {
    const { historyDays } = this.config;
    const slots = await forgetAll(signal, (limit) => this.history.forget(historyDays, limit));
    const switches = await forgetAll(signal, (limit) => this.leases.forgetSwitches(historyDays, limit));
    return { slots, switches };
  }
}

function forgetAll(signal: AbortSignal, forgetSome: (limit: number) => Promise<number>): Promise<number> {
  return inBatches(signal, SIZES, async (size) => ({ found: await forgetSome(size) }));
}
