import { Injectable, Logger } from '@nestjs/common';
import {
  type PeriodicTaskHandler,
  RunsTask,
  type TaskOutcome,
  type TaskRun,
} from '../../../platform/schedule/index.js';
import { CoinAccountService } from '../coin-account.service.js';
import { expireHolds } from './expire-holds.task.js';

const BATCH_SIZE = 50;
/** What one run does at the most; the rest waits for the next. */
const MAX_BATCHES = 100;

/** Ends holds whose time is up, so that coins held by a process that died come back. */
@Injectable()
@RunsTask(expireHolds)
export class ExpireHoldsHandler implements PeriodicTaskHandler {
  private readonly logger = new Logger('HoldExpiry');

  constructor(private readonly coinAccounts: CoinAccountService) {}

  /** What was expired before an error stays expired. */
  async run({ signal }: Pick<TaskRun, 'signal'>): Promise<TaskOutcome> {
    let holds = 0;
    try {
      for (let batch = 0; batch < MAX_BATCHES && !signal.aborted; batch++) {
        const expired = await this.coinAccounts.expireHolds(BATCH_SIZE);
        holds += expired;
        if (expired === 0) break;
      }
    } finally {
      if (holds > 0) this.logger.warn('holds expired that nobody ended', { holds });
    }
    return { holds };
  }
}
