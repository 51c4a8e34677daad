import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { schedulerConfig } from '../scheduler.config.js';
import { HistoryRepository } from '../store/history.repository.js';
import { LeaseRepository } from '../store/lease.repository.js';
import { forgetSlots } from './forget-slots.task.js';

const BATCH_SIZE = 1_000;

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
    const slots = await forgetAll(signal, () => this.history.forget(historyDays, BATCH_SIZE));
    const switches = await forgetAll(signal, () => this.leases.forgetSwitches(historyDays, BATCH_SIZE));
    return { slots, switches };
  }
}

async function forgetAll(signal: AbortSignal, forgetSome: () => Promise<number>): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const forgotten = await forgetSome();
    total += forgotten;
    if (forgotten < BATCH_SIZE) break;
  }
  return total;
}
