import { Injectable, Logger } from '@nestjs/common';
import { ScheduleMetrics } from './schedule-metrics.js';

/** Knows how long the database has been there. Without it no task is begun, and that is said once. */
@Injectable()
export class DatabaseWatch {
  private readonly logger = new Logger('Scheduler');
  private thereSinceMs: number | undefined;
  private awaySinceMs: number | undefined;

  constructor(private readonly metrics: ScheduleMetrics) {}

  /** The database has answered. */
  noteAnswer(): void {
    this.thereSinceMs ??= performance.now();
    if (this.awaySinceMs === undefined) return;
    this.logger.log('the database is back; tasks are begun again', {
      away_ms: Math.round(performance.now() - this.awaySinceMs),
    });
    this.awaySinceMs = undefined;
    this.metrics.setDatabaseAway(false);
  }

  noteFailure(error: unknown): void {
    this.thereSinceMs = undefined;
    if (this.awaySinceMs !== undefined) return;
    this.awaySinceMs = performance.now();
    this.metrics.setDatabaseAway(true);
    this.logger.error('no periodic task is begun: the database fails', error as Error, {});
  }

  /** Whether others could have told of themselves for so long. */
  hasBeenThereFor(ms: number): boolean {
    return this.thereSinceMs !== undefined && performance.now() - this.thereSinceMs >= ms;
  }
}
