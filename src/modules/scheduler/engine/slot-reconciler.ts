import { Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { readCron } from '../../../platform/schedule/index.js';
import type { SlotPath } from '../domain/slot.js';
import { type Lease, LeaseRepository } from '../store/lease.repository.js';
import { TaskRepository, type TaskState } from '../store/task.repository.js';
import { ScheduleMetrics } from './schedule-metrics.js';
import { SlotSettler } from './slot-settler.js';
import { TaskRegistry } from './task-registry.js';

/** The lease is another's: what this process wanted to write was not written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Finds slots that neither Redis nor the ticker has begun. */
@Injectable()
export class SlotReconciler {
  private readonly logger = new Logger('Scheduler');

  constructor(
    private readonly transactions: Transactions,
    private readonly registry: TaskRegistry,
    private readonly tasks: TaskRepository,
    private readonly settler: SlotSettler,
    private readonly leases: LeaseRepository,
    private readonly metrics: ScheduleMetrics,
  ) {}

  /**
   * Settles every slot of every task that is older than `graceMs`.
   * @returns how many slots are to be run after all. @throws LeaseLostError
   */
  async reconcile(lease: Lease, path: SlotPath, graceMs: number): Promise<number> {
    const { tasks, now } = await this.tasks.list();
    const until = now.getTime() - graceMs;
    let begun = 0;
    for (const task of tasks) {
      if (hasPassedSlots(task, until)) begun += await this.reconcileTask(lease, task.name, path, graceMs);
    }
    return begun;
  }

  private async reconcileTask(lease: Lease, name: string, path: SlotPath, graceMs: number): Promise<number> {
    const declared = this.registry.find(name);
    if (!declared) return 0;
    const { run, skipped } = await this.transactions.run(async (transaction) => {
      const locked = await this.tasks.lock(transaction, name);
      if (!locked || locked.task.removedAt) return { run: [], skipped: undefined };
      if (!(await this.leases.isInForce(transaction, lease))) throw new LeaseLostError();
      return this.settler.settle(transaction, locked.task, {
        until: new Date(locked.now.getTime() - graceMs),
        now: locked.now,
        path,
        epoch: lease.epoch,
        catchUp: declared.task.catchUp,
      });
    });
    if (run.length > 0) {
      this.logger.warn('slots are begun that nobody had begun', {
        task: name,
        slots: run.length,
        first: new Date(run[0] ?? 0).toISOString(),
      });
    }
    if (skipped) {
      this.metrics.skipped(name, skipped.count ?? 0);
      if (skipped.reason === 'missed') this.logger.warn('slots are skipped', { task: name, ...skipped });
    }
    return run.length;
  }
}

function hasPassedSlots(task: TaskState, untilMs: number): boolean {
  if (task.removedAt) return false;
  return readCron(task.cron).next(task.settledUntil.getTime()) <= untilMs;
}
