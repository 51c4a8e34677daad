import { Injectable, Logger } from '@nestjs/common';
import { RedisBreaker } from '../../../platform/redis/index.js';
import { JobQueue } from '../../../platform/queue/index.js';
import { saveTurns } from './save-turns.job.js';

/** How soon a busy shard recovers from a lost wake-up. Waking the saver of one costs as much as keeping a turn. */
const REMIND_INTERVAL_MS = 250;

/**
 * Wakes the saver of a shard without keeping anybody waiting: one wake-up is under way at a time, and what comes
 * meanwhile makes one more. If one is lost, the worker looks at every shard by itself within seconds.
 */
@Injectable()
export class SaveWake {
  private readonly logger = new Logger('Saves');
  private readonly underWay = new Set<number>();
  private readonly wanted = new Set<number>();
  private readonly wokenAt = new Map<number, number>();

  constructor(
    private readonly jobs: JobQueue,
    private readonly breaker: RedisBreaker,
  ) {}

  /** For a turn that waits with others, whose wake-up may have been lost: wakes the saver if none of us has lately. */
  remind(shard: number): void {
    if (performance.now() - (this.wokenAt.get(shard) ?? -Infinity) > REMIND_INTERVAL_MS) this.wake(shard);
  }

  /** For a turn that nobody has been woken for. */
  wake(shard: number): void {
    if (this.breaker.isOpen) return;
    this.wokenAt.set(shard, performance.now());
    this.wanted.add(shard);
    if (!this.underWay.has(shard)) void this.enqueueWhileWanted(shard);
  }

  private async enqueueWhileWanted(shard: number): Promise<void> {
    this.underWay.add(shard);
    try {
      while (this.wanted.delete(shard)) await this.jobs.enqueue(saveTurns, { shard });
    } catch (error) {
      this.logger.warn('the saver was not woken', { shard, reason: String(error) });
    } finally {
      this.underWay.delete(shard);
    }
  }
}
