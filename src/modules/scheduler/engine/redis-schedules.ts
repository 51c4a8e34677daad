import { Injectable, Logger } from '@nestjs/common';
import { CronSchedules, type CronSchedule } from '../../../platform/queue/index.js';
import type { TaskState } from '../store/task.repository.js';

/** Keeps the schedules in Redis as the tasks are. */
@Injectable()
export class RedisSchedules {
  private readonly logger = new Logger('Scheduler');
  /** What this process knows Redis to have. */
  private readonly upserted = new Map<string, string>();

  constructor(private readonly schedules: CronSchedules) {}

  /**
   * Sets anew what is missing, has another cron, or should have fired more than `graceMs` ago, and removes what is of no
   * task. @returns how many were changed. @throws RedisAwayError
   */
  async mend(tasks: readonly TaskState[], nowMs: number, graceMs: number): Promise<number> {
    const found = await this.schedules.list();
    let changed = 0;
    for (const task of existing(tasks)) {
      const schedule = found.find(({ id }) => id === task.name);
      const fault = faultOf(schedule, task.cron, nowMs - graceMs);
      this.upserted.set(task.name, task.cron);
      if (fault === undefined) continue;
      await this.schedules.upsert(task.name, task.cron);
      this.logger.log('a schedule was set in Redis', { task: task.name, cron: task.cron, reason: fault });
      changed++;
    }
    const names = new Set(existing(tasks).map(({ name }) => name));
    for (const { id } of found.filter((schedule) => !names.has(schedule.id))) {
      await this.schedules.remove(id);
      this.upserted.delete(id);
      this.logger.log('a schedule of no task was removed from Redis', { task: id });
      changed++;
    }
    return changed;
  }

  /** Sets anew what has another cron since this process looked last. @throws RedisAwayError */
  async followChanges(tasks: readonly TaskState[]): Promise<void> {
    for (const { name, cron } of existing(tasks)) {
      if (this.upserted.get(name) === cron) continue;
      await this.schedules.upsert(name, cron);
      this.upserted.set(name, cron);
      this.logger.log('a schedule was set in Redis', { task: name, cron, reason: 'its cron has changed' });
    }
  }
}

function existing(tasks: readonly TaskState[]): TaskState[] {
  return tasks.filter(({ removedAt }) => removedAt === null);
}

function faultOf(
  schedule: CronSchedule | undefined,
  cron: string,
  firedBeforeMs: number,
): string | undefined {
  if (!schedule) return 'it was missing';
  if (schedule.cron !== cron) return `it had the cron ${schedule.cron}`;
  if (schedule.nextMs === undefined || schedule.nextMs < firedBeforeMs) return 'it did not fire';
  return undefined;
}
