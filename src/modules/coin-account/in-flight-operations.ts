import { Injectable } from '@nestjs/common';
import { operationInFlight } from './coin-account.errors.js';

/**
 * The keyed operations of HTTP callers that this process is working on. A copy that comes while the first is under
 * way is told so; one that reaches another process stands in the ledger's line and gets the first one's answer.
 */
@Injectable()
export class InFlightOperations {
  private readonly running = new Set<string>();

  /** @throws `operation_in_flight` */
  async run<T>(accountId: string, idempotencyKey: string, work: () => Promise<T>): Promise<T> {
    const name = `${accountId} ${idempotencyKey}`;
    if (this.running.has(name)) throw operationInFlight({ retryAfterSeconds: 1 });
    this.running.add(name);
    try {
      return await work();
    } finally {
      this.running.delete(name);
    }
  }
}
