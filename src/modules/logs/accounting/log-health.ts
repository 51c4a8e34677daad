import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { type Finding, type HealthContribution, HealthContributors } from '../../monitoring/index.js';
import { logsConfig } from '../logs.config.js';
import { QuarantineRepository } from '../quarantine/quarantine.repository.js';
import { LogQueue, type QueueSums } from '../queue/log-queue.js';
import { BooksRepository } from './books.repository.js';

/** A writer waits for five seconds at a time for something to do; one that has not asked for longer is gone, or stuck. */
const WRITER_SILENCE_MS = 15_000;
/** Logs that wait for longer are not merely many. */
const LONG_LAG_MS = 60_000;
/** Of what may wait. */
const NEARLY_FULL = 0.8;
const MAX_ITEMS_COUNTED = 10_000;

/** What is wrong with the queue of the logs. */
type Trouble = Pick<Finding, 'state' | 'reasonCode' | 'reason' | 'action'>;

/** Adds the logs to the health report: what waits, what is in quarantine, and how many writers are at work. */
@Injectable()
export class LogHealth implements OnModuleInit {
  constructor(
    private readonly contributors: HealthContributors,
    private readonly queue: LogQueue,
    private readonly books: BooksRepository,
    private readonly quarantine: QuarantineRepository,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  onModuleInit(): void {
    this.contributors.register('logs', () => this.measureQueue());
    this.contributors.register('log_quarantine', () => this.measureQuarantine());
  }

  private async measureQueue(): Promise<HealthContribution> {
    const [sums, writers] = await Promise.all([
      this.queue.sums(),
      this.queue.countReaders(WRITER_SILENCE_MS),
    ]);
    const trouble = this.troubleOf(sums, writers);
    return {
      ...(trouble && { reason: trouble.reason, findings: [{ verdict: 'flow', ...trouble }] }),
      details: {
        backlog_lines: sums.backlogLines,
        backlog_bytes: sums.backlogBytes,
        backlog_limit_bytes: this.config.backlogBytes,
        lag_ms: sums.lagMs,
        active_writers: writers,
      },
      figures: { log_backlog_bytes: sums.backlogBytes },
    };
  }

  private async measureQuarantine(): Promise<HealthContribution> {
    const [{ quarantinedLines }, items] = await Promise.all([
      this.books.sums(),
      this.quarantine.count(MAX_ITEMS_COUNTED),
    ]);
    return {
      details: { quarantined_lines: quarantinedLines, items },
      figures: { quarantined_entries: items },
      findings: items === 0 ? [] : [quarantineFinding(items)],
    };
  }

  private troubleOf(
    { backlogEntries, backlogBytes, lagMs }: QueueSums,
    writers: number,
  ): Trouble | undefined {
    if (backlogBytes > NEARLY_FULL * this.config.backlogBytes) {
      return {
        state: 'failing',
        reasonCode: 'log_backlog_full',
        reason: 'There is hardly room for more logs: they come faster than they are stored.',
        action: 'Start more writers (LOCKKEEPER_LOGS_WRITERS, more workers), or see why MySQL is slow.',
      };
    }
    if (backlogEntries === 0) return undefined;
    if (writers === 0) {
      return {
        state: 'warning',
        reasonCode: 'no_log_writer',
        reason: 'No writer takes logs: they wait in the queue.',
        action: 'Start a worker that writes logs (LOCKKEEPER_LOGS_WRITERS above 0).',
      };
    }
    if (lagMs <= LONG_LAG_MS) return undefined;
    return {
      state: 'warning',
      reasonCode: 'logs_late',
      reason: 'Logs have waited for more than a minute to be stored.',
      action: 'See whether MySQL is slow; otherwise start more writers.',
    };
  }
}

function quarantineFinding(items: number): Finding {
  const count = items < MAX_ITEMS_COUNTED ? String(items) : `${items} or more`;
  return {
    verdict: 'flow',
    state: 'warning',
    reasonCode: 'logs_quarantined',
    reason: `${count} accepted logs could not be stored and are in quarantine.`,
    action: 'Read why (Logs, quarantine), then replay or discard them.',
  };
}
