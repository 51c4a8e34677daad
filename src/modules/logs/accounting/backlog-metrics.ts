import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { LogAccounting } from './log-accounting.service.js';
import { logsConfig } from '../logs.config.js';
import { LogQueue } from '../queue/log-queue.js';

/** Shows Prometheus, at each scrape, how much waits to be stored. */
@Injectable()
export class BacklogMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly queue: LogQueue,
    private readonly accounting: LogAccounting,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the backlog of logs',
      gauges: {
        lockkeeper_logs_backlog_bytes: 'Bytes of logs that wait in Redis to be stored.',
        lockkeeper_logs_backlog_entries: 'Entries of logs that wait in Redis to be stored.',
        lockkeeper_logs_backlog_lines: 'Log lines that wait in Redis to be stored.',
        lockkeeper_logs_backlog_limit_bytes: 'Bytes of logs that may wait; what comes then is refused.',
        lockkeeper_logs_lag_seconds: 'How long the oldest entry of logs has waited to be stored.',
      },
      read: async () => {
        const sums = await this.queue.sums();
        return {
          lockkeeper_logs_backlog_bytes: sums.backlogBytes,
          lockkeeper_logs_backlog_entries: sums.backlogEntries,
          lockkeeper_logs_backlog_lines: sums.backlogLines,
          lockkeeper_logs_backlog_limit_bytes: this.config.backlogBytes,
          lockkeeper_logs_lag_seconds: sums.lagMs / 1000,
        };
      },
    });
    this.metrics.register({
      name: 'the books of the logs',
      gauges: {
        lockkeeper_logs_accounting_lines: 'Log lines of all time, by what became of them.',
        lockkeeper_logs_books_closed:
          'Whether every accepted line is accounted for (1) or not (0); while lines pass, 0 means little unless it stays.',
      },
      read: () => this.readBooks(),
    });
  }

  private async readBooks() {
    const report = await this.accounting.glance();
    const lines = {
      accepted: report.acceptedLines,
      waiting: report.pendingLines,
      stored: report.storedLines,
      quarantined: report.quarantinedLines,
      discarded: report.discardedLines,
      dropped: report.droppedLines,
    };
    return {
      lockkeeper_logs_accounting_lines: Object.entries(lines).map(([state, value]) => ({
        labels: { state },
        value,
      })),
      lockkeeper_logs_books_closed: report.isClosed ? 1 : 0,
    };
  }
}
