import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { type ClaimedErasure, ErasureRepository } from './erasure.repository.js';
import { ErasureService } from './erasure.service.js';

const SWEEP_INTERVAL_MS = 5_000;
const AT_ONCE = 4;
/** What one sweep does at the most; the rest waits for the next. */
const MAX_CLAIMS = 500;
/** How long one erasure is worked on before others have their turn. */
const BUDGET_MS = 10_000;
/** Longer than one takes; after a crash another worker takes it then. Two at once do no harm. */
const LEASE_MS = 60_000;
const WAIT_MS = 15_000;
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 600_000;

/** Finishes erasures: the large ones, those of users, and those whose process died. All workers share the work. */
@Injectable()
export class ErasureWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Erasures');
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly repository: ErasureRepository,
    private readonly erasures: ErasureService,
  ) {}

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
    try {
      for (let claims = 0; claims < MAX_CLAIMS && !this.isStopping; claims++) {
        const due = await this.repository.claimDue(AT_ONCE, LEASE_MS);
        if (due.length === 0) break;
        await Promise.all(due.map((erasure) => this.advance(erasure)));
      }
      await this.repository.forgetFinished();
    } catch (error) {
      this.logger.error('erasures could not be swept', error as Error, {});
    }
  }

  /** One that fails waits longer each time, so that it holds up no other; it is never given up. */
  private async advance(erasure: ClaimedErasure): Promise<void> {
    const { id, kind, subjectId, attempts } = erasure;
    try {
      const progress = await this.erasures.advance(erasure, performance.now() + BUDGET_MS);
      if (progress === 'unfinished') await this.repository.postpone(id, 0);
      if (progress === 'waiting') await this.repository.postpone(id, WAIT_MS);
      if (progress === 'done') this.logger.log('erased', { kind, subject_id: subjectId });
    } catch (error) {
      this.logger.error('an erasure could not go on', error as Error, { kind, subject_id: subjectId });
      await this.repository.postpone(id, Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), MAX_RETRY_MS));
    }
  }
}
