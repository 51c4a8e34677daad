import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { LogConsumer, QueuedEntry } from '../queue/log-consumer.js';
import type { LogStoreRepository } from '../store/log-store.repository.js';
import { type LogRow, type TextBatch, toBatch, toTextBatch } from '../store/store-batch.js';

/** What one batch came to. */
export interface WrittenBatch {
  readonly entries: number;
  readonly storedLines: number;
  readonly quarantinedLines: number;
  /** Entries that had been stored before, and were only acknowledged now. */
  readonly skippedEntries: number;
  /** Reads those that are committed now, also with the entries that had been stored before. */
  readonly readRows: () => readonly LogRow[];
  /** The devices of these rows. */
  readonly deviceIds: readonly string[];
}

export interface WriterHooks {
  /** The batch is committed; its entries are acknowledged after this. */
  written(batch: WrittenBatch): Promise<void>;
  /** Whether the writer waits for the database or for Redis. */
  stalled(isStalled: boolean): void;
}

export interface WriterOptions {
  readonly consumer: LogConsumer;
  readonly store: LogStoreRepository;
  readonly hooks: WriterHooks;
  readonly claimIdleMs: number;
  /** Which rows of the sums are this writer's. */
  readonly slot: number;
}

const MAX_LINES = 5_000;
const MAX_BYTES = 4 * 1024 * 1024;
const BLOCK_MS = 5_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** Takes entries from the stream and stores them, one batch after the other, until it is stopped. */
export class LogWriter {
  private readonly logger = new Logger('LogWriter');
  private readonly stopping = new AbortController();
  private stallReason: string | undefined;
  private nextClaimAt = 0;
  private running: Promise<void> | undefined;

  constructor(private readonly options: WriterOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Takes no more, finishes the batch at hand if the database is there, and ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Reads and stores one batch. @returns what it came to, or undefined if there was nothing to store. */
  async writeOnce(blockMs: number): Promise<WrittenBatch | undefined> {
    const { consumer } = this.options;
    const claimed = await this.claimIfDue();
    const entries =
      claimed.length > 0 ? claimed : await consumer.read({ lines: MAX_LINES, bytes: MAX_BYTES, blockMs });
    return entries.length === 0 ? undefined : this.write(entries);
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      try {
        await this.writeOnce(BLOCK_MS);
        failures = 0;
        this.noteStall(undefined);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        // The batch at hand stays with this reader; others claim it if this one cannot go on with it.
        await this.backOff(failures++, error);
      }
    }
  }

  private async claimIfDue(): Promise<QueuedEntry[]> {
    const { consumer, claimIdleMs } = this.options;
    if (performance.now() < this.nextClaimAt) return [];
    const claimed = await consumer.claim(claimIdleMs);
    if (claimed.length > 0) {
      this.logger.warn('entries taken over from a writer that gave no sign of life', {
        entries: claimed.length,
      });
      return claimed;
    }
    this.nextClaimAt = performance.now() + claimIdleMs / 4;
    await consumer.removeDead(Math.max(claimIdleMs, 2 * BLOCK_MS));
    return [];
  }

  private async write(entries: readonly QueuedEntry[]): Promise<WrittenBatch> {
    const { consumer, hooks } = this.options;
    const written = await this.storePatiently(entries);
    await hooks.written(written);
    await consumer.acknowledge(entries);
    return written;
  }

  /** Does not give up while the database is away, unless the process stops. */
  private async storePatiently(entries: readonly QueuedEntry[]): Promise<WrittenBatch> {
    for (let failures = 0; ; failures++) {
      try {
        const written = await this.store(entries);
        this.noteStall(undefined);
        return written;
      } catch (error) {
        if (this.stopping.signal.aborted) throw error;
        await this.backOff(failures, error);
        if (this.stopping.signal.aborted) throw error;
      }
    }
  }

  /** Nearly always all is stored as it came; else it is looked at line by line. */
  private async store(entries: readonly QueuedEntry[]): Promise<WrittenBatch> {
    const { store, slot } = this.options;
    const each = withoutRepeats(entries);
    const batch = toTextBatch(each);
    if (!batch || !(await store.storeTexts(batch, slot))) return this.storeRows(entries, each);
    return {
      storedLines: batch.lineCount,
      quarantinedLines: 0,
      entries: each.length,
      skippedEntries: entries.length - each.length,
      readRows: () => toBatch(each).rows,
      deviceIds: devicesOf(batch),
    };
  }

  private async storeRows(
    entries: readonly QueuedEntry[],
    each: readonly QueuedEntry[],
  ): Promise<WrittenBatch> {
    const { store, slot } = this.options;
    let rest = each;
    let batch = toBatch(rest);
    const whole = batch;
    let outcome = await store.store(batch, slot);
    while (!outcome) {
      const before = await store.findStored(rest.map((entry) => entry.receiptId));
      rest = rest.filter((entry) => !before.has(entry.receiptId));
      if (rest.length === 0) break;
      batch = toBatch(rest);
      outcome = await store.store(batch, slot);
    }
    // Who stored the others may have died before anybody was told of them.
    const isWhole = batch === whole;
    const rows = isWhole && outcome ? outcome.rows : whole.rows;
    return {
      storedLines: outcome?.storedLines ?? 0,
      quarantinedLines: outcome?.quarantinedLines ?? 0,
      entries: rest.length,
      skippedEntries: entries.length - rest.length,
      readRows: () => rows,
      deviceIds: [...new Set(rows.map((row) => row[2]))],
    };
  }

  private async backOff(failures: number, error: unknown): Promise<void> {
    this.noteStall(error instanceof Error ? error : new Error(String(error)));
    const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10), MAX_BACKOFF_MS);
    const { signal } = this.stopping;
    await delay(ceiling * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }

  /** Logs when trouble begins, when it becomes another, and when it is over. */
  private noteStall(error: Error | undefined): void {
    const reason = error?.message;
    if (reason === this.stallReason) return;
    if (reason === undefined) this.logger.log('logs are stored again');
    else this.logger.error('logs cannot be stored; they wait in the queue', error, {});
    const wasStalled = this.stallReason !== undefined;
    this.stallReason = reason;
    if (wasStalled !== (reason !== undefined)) this.options.hooks.stalled(!wasStalled);
  }
}

function devicesOf({ summaries }: TextBatch): string[] {
  return [...new Set(summaries.flatMap(({ devices }) => devices))];
}

/** A stream can hold an entry twice, if it was restored from a copy. */
function withoutRepeats(entries: readonly QueuedEntry[]): QueuedEntry[] {
  return [...new Map(entries.map((entry) => [entry.receiptId, entry])).values()];
}
