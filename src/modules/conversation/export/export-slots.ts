import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { tooManyExports } from '../conversation.errors.js';

const MAX_OF_A_USER = 2;
const MAX_OF_A_PROCESS = 50;
const RETRY_AFTER_SECONDS = 10;

/** Bounds how many exports run at once in this process: each keeps a page in memory for as long as it is read. */
@Injectable()
export class ExportSlots {
  private readonly running = new Map<string, number>();

  /** Runs an export in a slot of the user's. The slot is free again when the stream has closed. @throws too_many_exports */
  async use(userId: string, begin: () => Promise<Readable>): Promise<Readable> {
    const own = this.running.get(userId) ?? 0;
    const all = [...this.running.values()].reduce((sum, count) => sum + count, 0);
    if (own >= MAX_OF_A_USER || all >= MAX_OF_A_PROCESS) {
      throw tooManyExports({
        detail: `A user may have ${MAX_OF_A_USER} exports at once, and a process ${MAX_OF_A_PROCESS}.`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.running.set(userId, own + 1);
    try {
      return (await begin()).once('close', () => this.free(userId));
    } catch (error) {
      this.free(userId);
      throw error;
    }
  }

  private free(userId: string): void {
    const left = (this.running.get(userId) ?? 1) - 1;
    if (left > 0) this.running.set(userId, left);
    else this.running.delete(userId);
  }
}
