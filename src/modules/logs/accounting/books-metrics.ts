import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { BooksRepository } from './books.repository.js';
import { LogAccounting } from './log-accounting.service.js';

/** Shows Prometheus, at each scrape, what is in quarantine and whether the books close. */
@Injectable()
export class BooksMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly books: BooksRepository,
    private readonly accounting: LogAccounting,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the quarantine of logs',
      gauges: {
        lockkeeper_logs_quarantine_lines: 'Log lines in quarantine, that an operator has to decide on.',
      },
      read: async () => ({ lockkeeper_logs_quarantine_lines: (await this.books.sums()).quarantinedLines }),
    });
    this.metrics.register({
      name: 'the books of logs',
      gauges: {
        lockkeeper_logs_books_open:
          'Whether accepted log lines are unaccounted for (1) or not (0); for a moment also while lines go by.',
      },
      read: async () => ({ lockkeeper_logs_books_open: (await this.accounting.glance()).isClosed ? 0 : 1 }),
    });
  }
}
