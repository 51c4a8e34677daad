import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { type HealthContribution, HealthContributors } from '../../monitoring/index.js';
import { logsConfig } from '../logs.config.js';
import { LogQueue, type QueueSums } from '../queue/log-queue.js';
import { BooksRepository } from './books.repository.js';

/** A writer waits for five seconds at a time for something to do; one that has not asked for longer is gone, or stuck. */
const WRITER_SILENCE_MS = 15_000;
/** Logs that wait for longer are not merely many. */
const LONG_LAG_MS = 60_000;
/** Of what may wait. */
const NEARLY_FULL = 0.8;

/** Adds the logs to the health report: what waits, what is in quarantine, and how many writers are at work. */
@Injectable()
export class LogHealth implements OnModuleInit {
  constructor(
    private readonly contributors: HealthContributors,
    private readonly queue: LogQueue,
    private readonly books: BooksRepository,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  onModuleInit(): void {
    this.contributors.register('logs', () => this.measure());
  }

  private async measure(): Promise<HealthContribution> {
    const [sums, writers, { quarantinedLines }] = await Promise.all([
      this.queue.sums(),
      this.queue.countReaders(WRITER_SILENCE_MS),
      this.books.sums(),
    ]);
    const reason = this.troubleOf(sums, writers);
    return {
      ...(reason === undefined ? {} : { reason }),
      details: {
        backlog_lines: sums.backlogLines,
        backlog_bytes: sums.backlogBytes,
        backlog_limit_bytes: this.config.backlogBytes,
        lag_ms: sums.lagMs,
        quarantined_lines: quarantinedLines,
        active_writers: writers,
      },
    };
  }

  private troubleOf({ backlogEntries, backlogBytes, lagMs }: QueueSums, writers: number): string | undefined {
    if (backlogBytes > NEARLY_FULL * this.config.backlogBytes) {
      return 'There is hardly room for more logs: they come faster than they are stored.';
    }
    if (backlogEntries === 0) return undefined;
    if (writers === 0) return 'No writer takes logs: they wait in the queue.';
    return lagMs > LONG_LAG_MS ? 'Logs have waited for more than a minute to be stored.' : undefined;
  }
}
