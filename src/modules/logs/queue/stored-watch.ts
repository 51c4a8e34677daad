import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import type { IntakeFate } from '../domain/intake.js';
import { logsConfig } from '../logs.config.js';
import { logStorePending } from '../logs.errors.js';
import { LedgerRepository } from '../store/ledger.repository.js';
import { LogQueue } from './log-queue.js';

const LOOK_INTERVAL_MS = 5;
/** After a look that failed, or that found nothing where something must be. */
const TROUBLE_INTERVAL_MS = 250;
const MAX_PER_LOOK = 500;
const RETRY_AFTER_SECONDS = 1;

interface Waiter {
  resolve(fate: IntakeFate): void;
}

/** Waits for entries to be stored: one look at the queue for all of this process that wait. */
@Injectable()
export class StoredWatch implements OnApplicationShutdown {
  private readonly logger = new Logger('Logs');
  private readonly waiters = new Map<string, Set<Waiter>>();
  private isLooking = false;
  private isStopped = false;

  constructor(
    private readonly queue: LogQueue,
    private readonly ledger: LedgerRepository,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  /** Waits until an entry is committed. @throws log_store_pending after `LOCKKEEPER_LOGS_STORED_WAIT_MS` */
  untilStored(receiptId: string): Promise<IntakeFate> {
    return new Promise<IntakeFate>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.remove(receiptId, waiter);
        reject(pending(receiptId, this.config.storedWaitMs));
      }, this.config.storedWaitMs);
      const waiter: Waiter = {
        resolve: (fate) => {
          clearTimeout(timer);
          resolve(fate);
        },
      };
      const others = this.waiters.get(receiptId);
      if (others) others.add(waiter);
      else this.waiters.set(receiptId, new Set([waiter]));
      void this.look();
    });
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.waiters.size > 0 && !this.isStopped) {
      let intervalMs = LOOK_INTERVAL_MS;
      try {
        if (!(await this.lookOnce())) intervalMs = TROUBLE_INTERVAL_MS;
      } catch (error) {
        // Whoever waits is told when the time is up.
        intervalMs = TROUBLE_INTERVAL_MS;
        this.logger.warn('it cannot be seen which logs are stored', { reason: String(error) });
      }
      await delay(intervalMs);
    }
    this.isLooking = false;
  }

  /** @returns false if an entry has left the queue without a trace: Redis has lost it, or is behind. */
  private async lookOnce(): Promise<boolean> {
    const receiptIds = [...this.waiters.keys()].slice(0, MAX_PER_LOOK);
    const waiting = await this.queue.waitingAmong(receiptIds);
    const gone = receiptIds.filter((id) => !waiting.has(id));
    // The next look begins with those that were not looked at now.
    for (const id of receiptIds.filter((id) => waiting.has(id))) this.moveToEnd(id);
    if (gone.length === 0) return true;
    const fates = await this.ledger.fatesOf(gone);
    for (const [receiptId, fate] of fates) {
      for (const waiter of this.waiters.get(receiptId) ?? []) waiter.resolve(fate);
      this.waiters.delete(receiptId);
    }
    return fates.size === gone.length;
  }

  private moveToEnd(receiptId: string): void {
    const waiters = this.waiters.get(receiptId);
    if (!waiters) return;
    this.waiters.delete(receiptId);
    this.waiters.set(receiptId, waiters);
  }

  private remove(receiptId: string, waiter: Waiter): void {
    const waiters = this.waiters.get(receiptId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiters.delete(receiptId);
  }
}

function pending(receiptId: string, waitedMs: number) {
  return logStorePending({
    detail:
      `The logs are queued under the receipt ${receiptId} and will be stored; ` +
      `they were not within ${waitedMs} ms. Do not send them again: ask for the receipt.`,
    details: { receipt_id: receiptId },
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
