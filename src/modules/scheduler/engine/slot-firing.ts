import { Injectable, Logger } from '@nestjs/common';
import type { CronFiring } from '../../../platform/queue/index.js';
import { readCron } from '../../../platform/schedule/index.js';
import { type FiredSlot, SlotRepository } from '../store/slot.repository.js';
import { DatabaseWatch } from './database-watch.js';
import { RunStarter } from './run-starter.js';
import { ScheduleMetrics } from './schedule-metrics.js';
import { TaskRegistry } from './task-registry.js';

/** Has the slots of tasks begun, whoever says that they are due: the fence decides who is first. */
@Injectable()
export class SlotFiring {
  private readonly logger = new Logger('Scheduler');

  constructor(
    private readonly slots: SlotRepository,
    private readonly registry: TaskRegistry,
    private readonly starter: RunStarter,
    private readonly databaseWatch: DatabaseWatch,
    private readonly metrics: ScheduleMetrics,
  ) {}

  /** A schedule in Redis has fired, for the slot at or before the time that it was set for. */
  async fromRedis({ id, cron, setForMs }: CronFiring): Promise<void> {
    // A worker of another version may have made it. What it leaves undone the holder of the lease finds.
    if (!this.registry.find(id)) return;
    const dueAt = new Date(readCron(cron).latest(setForMs));
    await this.fire({ task: id, dueAt, cron, path: 'redis' });
  }

  /** @throws the database's error; then the slot is found later, as one that nobody has begun. */
  async fire(slot: FiredSlot): Promise<void> {
    try {
      const outcome = await this.slots.claim(slot);
      this.databaseWatch.noteAnswer();
      if (outcome === 'claimed') this.starter.poke();
      else this.tellRefusal(slot, outcome);
    } catch (error) {
      this.databaseWatch.noteFailure(error);
      throw error;
    }
  }

  private tellRefusal({ task, dueAt, path }: FiredSlot, outcome: 'duplicate' | 'refused'): void {
    if (outcome === 'duplicate') this.metrics.duplicatePrevented(task);
    this.logger.debug('a slot was not begun', { task, due_at: dueAt, path, outcome });
  }
}
