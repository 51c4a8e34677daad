import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { gauge } from '../../../platform/metrics/index.js';
import { ReconciliationRepository } from './reconciliation.repository.js';

export const disagreementMetrics = [
  gauge(
    'lockkeeper_coin_disagreements',
    'Disagreements in the books, by kind, as the last periodic reconciliation found them.',
    ['kind'],
  ),
  gauge('lockkeeper_coin_reconciled_timestamp_seconds', 'When the last periodic reconciliation ended.', []),
];

/** Shows Prometheus, at each scrape, what the workers' last reconciliation found. */
@Injectable()
export class DisagreementMetrics implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Books');
  private readonly collect = () => this.read();

  constructor(
    private readonly repository: ReconciliationRepository,
    @InjectMetric('lockkeeper_coin_disagreements') private readonly disagreements: CollectingGauge,
    @InjectMetric('lockkeeper_coin_reconciled_timestamp_seconds')
    private readonly reconciledAt: CollectingGauge,
  ) {}

  onModuleInit(): void {
    // Metrics are read side by side, so each of the two has to be up to date by itself.
    this.disagreements.collect = this.collect;
    this.reconciledAt.collect = this.collect;
  }

  onModuleDestroy(): void {
    for (const metric of [this.disagreements, this.reconciledAt]) {
      if (metric.collect === this.collect) delete metric.collect;
    }
  }

  private async read(): Promise<void> {
    try {
      const last = await this.repository.findLast();
      if (!last) return;
      this.disagreements.reset();
      for (const [kind, count] of Object.entries(last.counts)) this.disagreements.set({ kind }, count);
      this.reconciledAt.set(last.finishedAt.getTime() / 1000);
    } catch (error) {
      // The other metrics are wanted all the more now.
      this.logger.warn('the last reconciliation could not be read', { reason: String(error) });
    }
  }
}

/** What prom-client calls before it reads the values. */
interface CollectingGauge extends Gauge {
  collect?: () => Promise<void>;
}
