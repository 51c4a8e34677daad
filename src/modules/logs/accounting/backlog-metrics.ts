import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { gauge } from '../../../platform/metrics/index.js';
import { LogQueue, type QueueSums } from '../queue/log-queue.js';

export const backlogMetricProviders = [
  gauge('lockkeeper_logs_backlog_bytes', 'Bytes of logs that wait in Redis to be stored.', []),
  gauge('lockkeeper_logs_backlog_entries', 'Entries of logs that wait in Redis to be stored.', []),
  gauge('lockkeeper_logs_backlog_lines', 'Log lines that wait in Redis to be stored.', []),
  gauge('lockkeeper_logs_lag_seconds', 'How long the oldest entry of logs has waited to be stored.', []),
];

/** All gauges of one scrape share a reading. */
const READING_AGE_MS = 200;

/** What prom-client calls before it reads the values. */
interface CollectingGauge extends Gauge {
  collect?: () => Promise<void>;
}

/** Shows Prometheus, at each scrape, how much waits to be stored. */
@Injectable()
export class BacklogMetrics implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Logs');
  private reading: { sums: Promise<QueueSums | undefined>; atMs: number } | undefined;
  private readonly gauges: readonly [CollectingGauge, (sums: QueueSums) => number][];

  constructor(
    private readonly queue: LogQueue,
    @InjectMetric('lockkeeper_logs_backlog_bytes') bytes: CollectingGauge,
    @InjectMetric('lockkeeper_logs_backlog_entries') entries: CollectingGauge,
    @InjectMetric('lockkeeper_logs_backlog_lines') lines: CollectingGauge,
    @InjectMetric('lockkeeper_logs_lag_seconds') lag: CollectingGauge,
  ) {
    this.gauges = [
      [bytes, (sums) => sums.backlogBytes],
      [entries, (sums) => sums.backlogEntries],
      [lines, (sums) => sums.backlogLines],
      [lag, (sums) => sums.lagMs / 1000],
    ];
  }

  onModuleInit(): void {
    for (const [metric, valueOf] of this.gauges) {
      metric.collect = async () => {
        const sums = await this.read();
        if (sums) metric.set(valueOf(sums));
      };
    }
  }

  onModuleDestroy(): void {
    for (const [metric] of this.gauges) delete metric.collect;
  }

  private read(): Promise<QueueSums | undefined> {
    const now = performance.now();
    if (!this.reading || now - this.reading.atMs > READING_AGE_MS) {
      this.reading = { sums: this.readNow(), atMs: now };
    }
    return this.reading.sums;
  }

  private async readNow(): Promise<QueueSums | undefined> {
    try {
      return await this.queue.sums();
    } catch (error) {
      // The other metrics are wanted all the more now.
      this.logger.warn('the backlog of logs could not be read', { reason: String(error) });
      return undefined;
    }
  }
}
