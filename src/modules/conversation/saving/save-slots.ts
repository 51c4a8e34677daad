import { Injectable } from '@nestjs/common';
import { SAVE_SHARDS } from '../domain/shards.js';

/** How many shards this process saves at the same time; the others wait their turn. Can be changed while running. */
@Injectable()
export class SaveSlots {
  private limit = SAVE_SHARDS;
  private readonly active = new Set<number>();
  private readonly waiting: (() => void)[] = [];

  /** The shards that are being saved now. */
  get activeShards(): number[] {
    return [...this.active].sort((a, b) => a - b);
  }

  get shardsAtOnce(): number {
    return this.limit;
  }

  setShardsAtOnce(limit: number): void {
    this.limit = limit;
    this.letIn();
  }

  /** Runs `work` as soon as fewer shards are active than may be. Nothing is run if `signal` is aborted before. */
  async run(shard: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (this.active.size >= this.limit && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (signal.aborted) return;
    this.active.add(shard);
    try {
      await work();
    } finally {
      this.active.delete(shard);
      this.letIn();
    }
  }

  private letIn(): void {
    for (const enter of this.waiting.splice(0)) enter();
  }
}
