import { Injectable, Logger } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { ReconciliationRepository } from '../books/reconciliation.repository.js';
import { type ReconciliationReport, ReconciliationService } from '../books/reconciliation.service.js';
import { reconcileBooks } from './reconcile-books.task.js';

/** Reconciles the books, and keeps what was found for the metrics. */
@Injectable()
@RunsTask(reconcileBooks)
export class ReconcileBooksHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('Books');

  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly repository: ReconciliationRepository,
  ) {}

  /** @throws if it was cut short: half a reconciliation says nothing. */
  async run({ dueAt, signal }: Pick<TaskRun, 'dueAt' | 'signal'>): Promise<TaskOutcome> {
    const report = await this.reconciliation.reconcile({ signal });
    const counts = Object.fromEntries(report.kinds.map(({ kind, count }) => [kind, count]));
    await this.repository.keep(dueAt, counts);
    this.tell(report);
    return { ...report.looked, disagreements: report.kinds.reduce((sum, { count }) => sum + count, 0) };
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
