import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { JobQueue } from '../../../platform/queue/index.js';
import { TurnSaver } from './turn-saver.service.js';
import { saveTurns } from './save-turns.job.js';

const WAKE_INTERVAL_MS = 5_000;

/** Wakes every shard in which turns wait, so that a wake-up that was lost delays a save by seconds, not for ever. */
@Injectable()
export class SaveWaker implements OnApplicationBootstrap {
  private readonly logger = new Logger('Saves');

  constructor(
    private readonly saver: TurnSaver,
    private readonly jobs: JobQueue,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.wakeShards();
  }

  @Interval(WAKE_INTERVAL_MS)
  async wakeShards(): Promise<void> {
    try {
      for (const shard of await this.saver.shardsWithWork()) await this.jobs.enqueue(saveTurns, { shard });
    } catch (error) {
      this.logger.warn('the save shards could not be woken', { reason: String(error) });
    }
  }
}
