import { hostname } from 'node:os';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { newId } from '../../../shared/ids.js';
import { SaveSlots } from '../saving/save-slots.js';
import { SaveWorkerRepository } from './save-worker.repository.js';

const REPORT_INTERVAL_MS = 2_000;

/** Takes over how many shards may be saved at once, and tells which are, every two seconds. */
@Injectable()
export class SaveWorkerReport implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Saves');
  private readonly id = newId();
  private isStopped = false;

  constructor(
    private readonly slots: SaveSlots,
    private readonly workers: SaveWorkerRepository,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.report();
  }

  @Interval(REPORT_INTERVAL_MS)
  async report(): Promise<void> {
    if (this.isStopped) return;
    try {
      const shardsAtOnce = await this.workers.shardsAtOnce();
      if (shardsAtOnce !== this.slots.shardsAtOnce) {
        this.logger.log('shards saved at once', { from: this.slots.shardsAtOnce, to: shardsAtOnce });
        this.slots.setShardsAtOnce(shardsAtOnce);
      }
      const { activeShards } = this.slots;
      await this.workers.note({
        id: this.id,
        host: hostname(),
        pid: process.pid,
        shardsAtOnce,
        activeShards,
      });
    } catch (error) {
      this.logger.warn('the state of the saves could not be told', { reason: String(error) });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    await this.workers.remove(this.id).catch(() => undefined);
  }
}
