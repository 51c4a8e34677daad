import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { CoinAccountService } from './coin-account.service.js';

const SWEEP_INTERVAL_MS = 5_000;
const BATCH_SIZE = 50;
/** What one sweep does at the most; the rest waits for the next. */
const MAX_BATCHES = 100;

/**
 * Ends holds whose time is up, so that coins held by a process that died come back. It may run in every worker:
 * they share the work.
 */
@Injectable()
export class HoldExpiry implements BeforeApplicationShutdown {
  private readonly logger = new Logger('HoldExpiry');
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(private readonly coinAccounts: CoinAccountService) {}

  /** Sweeps once. While a sweep runs, another call waits for that one instead of starting its own. */
  @Interval(SWEEP_INTERVAL_MS)
  async sweep(): Promise<void> {
    if (this.isStopping) return;
    this.running ??= this.sweepAll().finally(() => (this.running = undefined));
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  private async sweepAll(): Promise<void> {
    let total = 0;
    try {
      for (let batch = 0; batch < MAX_BATCHES && !this.isStopping; batch++) {
        const expired = await this.coinAccounts.expireHolds(BATCH_SIZE);
        total += expired;
        if (expired === 0) break;
      }
    } catch (error) {
      // The next sweep tries again; what was expired stays expired.
      this.logger.error('holds could not be expired', error as Error, {});
    }
    if (total > 0) this.logger.warn('holds expired that nobody ended', { holds: total });
  }
}
