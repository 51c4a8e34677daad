import type { FastifyReply } from 'fastify';
import { rateLimited } from '../errors/index.js';

/** Bounds how many requests of one caller are under way in this process, so that one alone cannot fill it. */
export class CallerSlots {
  private readonly underWay = new Map<string, number>();

  constructor(private readonly limit: number) {}

  /** Counts a request until its connection is done with the answer. @throws rate_limited */
  take(caller: string, { raw }: FastifyReply): void {
    const count = (this.underWay.get(caller) ?? 0) + 1;
    if (count > this.limit) {
      throw rateLimited({
        detail: `More than ${this.limit} of your requests are under way. Wait for some to be answered.`,
        retryAfterSeconds: 1,
      });
    }
    // The client may have gone while it was asked who it is.
    if (raw.destroyed) return;
    this.underWay.set(caller, count);
    raw.once('close', () => this.release(caller));
  }

  private release(caller: string): void {
    const left = (this.underWay.get(caller) ?? 1) - 1;
    if (left > 0) this.underWay.set(caller, left);
    else this.underWay.delete(caller);
  }
}
