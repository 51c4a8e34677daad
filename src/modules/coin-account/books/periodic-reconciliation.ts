import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { ConfigOf } from '../../../platform/config/index.js';
import { coinAccountConfig } from '../coin-account.config.js';
import { ReconciliationRepository } from './reconciliation.repository.js';
import { type ReconciliationReport, ReconciliationService } from './reconciliation.service.js';

const LOOK_INTERVAL_MS = 60_000;

/**
 * Reconciles the books once in every interval. It runs in every worker; for each due time one of them does the
 * work. One that takes longer than the interval is given up, so that two never run at once.
 */
@Injectable()
export class PeriodicReconciliation implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Books');
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly repository: ReconciliationRepository,
    @Inject(coinAccountConfig.token) private readonly config: ConfigOf<typeof coinAccountConfig>,
  ) {}

  /** Reconciles if it is due and no other worker does. */
  @Interval(LOOK_INTERVAL_MS)
  async runIfDue(): Promise<void> {
    if (this.stop.signal.aborted) return;
    this.running ??= this.claimAndRun().finally(() => (this.running = undefined));
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort(new Error('The process stops.'));
    await this.running;
  }

  private async claimAndRun(): Promise<void> {
    const intervalMs = this.config.reconcileIntervalMs;
    try {
      const dueAt = await this.repository.claim(intervalMs);
      if (!dueAt) return;
      const signal = AbortSignal.any([this.stop.signal, AbortSignal.timeout(intervalMs)]);
      const report = await this.reconciliation.reconcile({ signal });
      await this.repository.finish(dueAt, countsOf(report));
      this.tell(report);
    } catch (error) {
      this.logger.error('the books could not be reconciled', error as Error, {});
    }
  }

  private tell({ isClean, looked, kinds }: ReconciliationReport): void {
    if (isClean) {
      this.logger.log('the books agree', looked);
      return;
    }
    for (const { kind, count, examples } of kinds) {
      if (count > 0) this.logger.error('the books disagree', undefined, { kind, count, examples });
    }
  }
}

function countsOf(report: ReconciliationReport): Record<string, number> {
  return Object.fromEntries(report.kinds.map(({ kind, count }) => [kind, count]));
}
