import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SharedMetrics } from '../../../platform/metrics/index.js';
import { ReconciliationRepository } from './reconciliation.repository.js';

/** Shows Prometheus, at each scrape, what the workers' last reconciliation found. */
@Injectable()
export class DisagreementMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: SharedMetrics,
    private readonly repository: ReconciliationRepository,
  ) {}

  onModuleInit(): void {
    this.metrics.register({
      name: 'the last reconciliation',
      gauges: {
        lockkeeper_coin_disagreements:
          'Disagreements in the books, by kind, as the last periodic reconciliation found them.',
        lockkeeper_coin_reconciled_timestamp_seconds: 'When the last periodic reconciliation ended.',
      },
      read: () => this.readLast(),
    });
  }

  private async readLast() {
    const last = await this.repository.findLast();
    return {
      lockkeeper_coin_disagreements: Object.entries(last?.counts ?? {}).map(([kind, count]) => ({
        labels: { kind },
        value: count,
      })),
      lockkeeper_coin_reconciled_timestamp_seconds: last && last.finishedAt.getTime() / 1000,
    };
  }
}
