import { Injectable, Logger } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import type { PeriodicTask } from '../../../platform/schedule/index.js';
import { TaskRepository } from '../store/task.repository.js';
import { SlotSettler } from './slot-settler.js';
import { TaskRegistry } from './task-registry.js';

/** Writes the tasks of this version of the code down, so that all processes know the same crons. */
@Injectable()
export class TaskDeclarations {
  private readonly logger = new Logger('Scheduler');

  constructor(
    private readonly transactions: Transactions,
    private readonly registry: TaskRegistry,
    private readonly tasks: TaskRepository,
    private readonly settler: SlotSettler,
  ) {}

  async writeDown(): Promise<void> {
    for (const task of this.registry.tasks) {
      await this.tasks.register(task);
      await this.followDefaultCron(task);
    }
  }

  /** Slots up to now are of the cron before, later ones of the new. */
  private async followDefaultCron(task: PeriodicTask): Promise<void> {
    const known = await this.tasks.find(task.name);
    if (!known || known.defaultCron === task.cron) return;
    await this.transactions.run(async (transaction) => {
      const locked = await this.tasks.lock(transaction, task.name);
      if (!locked || locked.task.defaultCron === task.cron) return;
      const { now } = locked;
      await this.settler.settle(transaction, locked.task, {
        until: now,
        now,
        path: 'redis',
        epoch: null,
        catchUp: task.catchUp,
      });
      await this.tasks.setCrons(transaction, task.name, {
        defaultCron: task.cron,
        cronOverride: locked.task.cronOverride,
      });
    });
    this.logger.log('a task has another default cron', { task: task.name, cron: task.cron });
  }
}
