import { Injectable, Logger } from '@nestjs/common';
import { readCron } from '../../../platform/schedule/index.js';
import type { Lease } from '../store/lease.repository.js';
import { ScheduleTime } from '../store/schedule-time.repository.js';
import type { TaskState } from '../store/task.repository.js';
import { PeriodicLoop } from './periodic-loop.js';
import { SlotFiring } from './slot-firing.js';

/** It wakes for the next slot, and at the latest after so long. */
const MAX_PAUSE_MS = 250;
/** A ticker that is further behind leaves the rest to be found. */
const MAX_SLOTS_A_TICK = 20;

/** Fires slots without Redis, in the process that has the lease, by the database's time. */
@Injectable()
export class LocalTicker {
  private readonly logger = new Logger('Scheduler');
  private readonly loop = new PeriodicLoop(
    () => this.tick(),
    () => this.pauseMs(),
  );
  private lease: Lease | undefined;
  /** The active tasks, with when each is due next. */
  private next = new Map<string, { cron: string; nextMs: number }>();

  constructor(
    private readonly firing: SlotFiring,
    private readonly time: ScheduleTime,
  ) {}

  /** Fires the slots after those that are settled or were fired by it before. */
  start(lease: Lease, tasks: readonly TaskState[]): void {
    this.lease = lease;
    this.next = new Map();
    this.setTasks(tasks);
    this.loop.start();
  }

  /** The tasks may have changed. */
  setTasks(tasks: readonly TaskState[]): void {
    const nowMs = this.time.nowMs();
    if (nowMs === undefined) return;
    const active = tasks.filter((task) => task.pausedAt === null && task.removedAt === null);
    this.next = new Map(
      active.map(({ name, cron }) => {
        const before = this.next.get(name);
        return [name, before?.cron === cron ? before : { cron, nextMs: readCron(cron).next(nowMs) }];
      }),
    );
  }

  /** Fires nothing any more; waits for what is being fired. */
  stop(): Promise<void> {
    this.lease = undefined;
    return this.loop.stop();
  }

  private pauseMs(): number {
    const nowMs = this.time.nowMs() ?? 0;
    const nextMs = Math.min(...[...this.next.values()].map((task) => task.nextMs));
    return Math.max(1, Math.min(MAX_PAUSE_MS, nextMs - nowMs));
  }

  private async tick(): Promise<void> {
    const nowMs = this.time.nowMs();
    if (nowMs === undefined) return;
    for (const [task, due] of this.next) {
      for (let count = 0; count < MAX_SLOTS_A_TICK && due.nextMs <= nowMs; count++) {
        const { lease } = this;
        if (!lease) return;
        const dueAt = new Date(due.nextMs);
        due.nextMs = readCron(due.cron).next(due.nextMs);
        try {
          await this.firing.fire({ task, dueAt, cron: due.cron, path: 'local', lease });
        } catch (error) {
          this.logger.debug('a slot could not be fired', { task, due_at: dueAt, reason: String(error) });
        }
      }
    }
  }
}
