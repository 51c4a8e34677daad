import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { LogRetention } from './log-retention.js';

/** It costs one question if there is nothing to do, and a lock that is not had now may be had then. */
const INTERVAL_MS = 10 * 60_000;

/** Applies the retention when a worker starts, and every ten minutes. Of several workers one does it. */
@Injectable()
export class PeriodicRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('LogRetention');
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(private readonly retention: LogRetention) {}

  /** Nobody waits for it: lines of days without a partition are kept all the same. */
  onApplicationBootstrap(): void {
    void this.apply();
  }

  @Interval(INTERVAL_MS)
  async apply(): Promise<void> {
    if (this.isStopping) return;
    this.running ??= this.applyAndTell().finally(() => (this.running = undefined));
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  private async applyAndTell(): Promise<void> {
    try {
      const report = await this.retention.apply();
      if (report === undefined) return;
      if (report.made.length > 0) this.logger.log('partitions were made', { count: report.made.length });
      for (const { table, day, lines } of report.dropped) {
        this.logger.log('a partition was dropped', { table, day, lines });
      }
    } catch (error) {
      this.logger.warn('the retention of logs could not be applied; it is tried again', {
        reason: String(error),
      });
    }
  }
}
