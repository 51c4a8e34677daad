import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type PeriodicTaskHandler, RunsTask, type TaskOutcome } from '../../../platform/schedule/index.js';
import { LogRetention } from './log-retention.js';
import { retainLogs } from './retain-logs.task.js';

/**
 * Applies the retention of the logs, when a worker starts too: a new installation has its days from the beginning. Each
 * change of a table is a statement of its own, so it is never cut short.
 */
@Injectable()
@RunsTask(retainLogs)
export class RetainLogsHandler
  implements PeriodicTaskHandler, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger('LogRetention');
  private first: Promise<unknown> | undefined;

  constructor(private readonly retention: LogRetention) {}

  /** Nobody waits for it: lines of days without a partition are kept all the same. */
  onApplicationBootstrap(): void {
    this.first = this.run().catch((error: unknown) =>
      this.logger.warn('the retention of logs could not be applied; it is tried again', {
        reason: String(error),
      }),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.first;
  }

  async run(): Promise<TaskOutcome> {
    const report = await this.retention.apply();
    // An operator's command is at it.
    if (report === undefined) return { made: 0, dropped: 0 };
    if (report.made.length > 0) this.logger.log('partitions were made', { count: report.made.length });
    for (const { table, day, lines } of report.dropped) {
      this.logger.log('a partition was dropped', { table, day, lines });
    }
    return {
      made: report.made.length,
      dropped: report.dropped.length,
      forgotten_refusals: report.forgottenRefusals,
    };
  }
}
