import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { schedulerConfig } from '../scheduler.config.js';
import { type Lease, LeaseRepository } from '../store/lease.repository.js';
import { DatabaseWatch } from './database-watch.js';
import { ThisProcess } from './engine-process.js';
import { PeriodicLoop } from './periodic-loop.js';

/** Who wants to know that this process looks after the schedules from now on, or no more. Neither may throw. */
export interface LeaseListener {
  onGained(lease: Lease): void;
  onLost(): void;
}

const RENEWALS_A_LEASE = 3;

/**
 * Tries to get and to keep the lease. By the database's clock one process has it; this process gives it up by its own
 * steady clock at the latest when the database would, whether or not the database can be asked.
 */
@Injectable()
export class LeaseKeeper {
  private readonly logger = new Logger('Scheduler');
  private readonly loop: PeriodicLoop;
  private held: Lease | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private listener: LeaseListener | undefined;

  constructor(
    private readonly leases: LeaseRepository,
    private readonly process: ThisProcess,
    private readonly databaseWatch: DatabaseWatch,
    @Inject(schedulerConfig.token) private readonly config: ConfigOf<typeof schedulerConfig>,
  ) {
    this.loop = new PeriodicLoop(
      () => this.keep(),
      () => this.config.leaseMs / RENEWALS_A_LEASE,
    );
  }

  start(listener: LeaseListener): void {
    this.listener = listener;
    this.loop.start();
  }

  /** Gives the lease back, so that another process has it at once. */
  async stop(): Promise<void> {
    await this.loop.stop();
    const { held } = this;
    this.lose('the process stops');
    if (held) await this.leases.release(held).catch(() => undefined);
  }

  /** Somebody has found out that the lease is another's. */
  noteLost(): void {
    this.lose('another process has it');
  }

  private async keep(): Promise<void> {
    const askedAtMs = performance.now();
    try {
      const lease = this.held
        ? (await this.leases.renew(this.held, this.config.leaseMs)) && this.held
        : await this.leases.acquire(this.process, this.config.leaseMs);
      this.databaseWatch.noteAnswer();
      if (lease) this.hold(lease, askedAtMs);
      else if (this.held) this.lose('it was not renewed in time');
    } catch (error) {
      this.databaseWatch.noteFailure(error);
    }
  }

  private hold(lease: Lease, askedAtMs: number): void {
    clearTimeout(this.expiry);
    const leftMs = askedAtMs + this.config.leaseMs - performance.now();
    if (leftMs <= 0) return this.lose('the database took too long');
    this.expiry = setTimeout(() => this.lose('the database did not renew it'), leftMs).unref();
    if (this.held?.epoch === lease.epoch) return;
    this.held = lease;
    this.logger.log('this process looks after the schedules', { epoch: lease.epoch });
    this.listener?.onGained(lease);
  }

  private lose(reason: string): void {
    clearTimeout(this.expiry);
    if (!this.held) return;
    this.logger.warn('this process looks after the schedules no more', { epoch: this.held.epoch, reason });
    this.held = undefined;
    this.listener?.onLost();
  }
}
