import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import {
  NoAnswerError,
  RedisAwayError,
  RedisBreaker,
  type RedisClient,
} from '../../../platform/redis/index.js';
import { logsConfig } from '../logs.config.js';
import type { EntryRows } from '../store/entry-rows.js';
import { dedupKeyOf, GROUP, queuedKey, STREAM, stateKey } from './log-keys.js';
import { addScript, countReadersScript, restartSumsScript, sumsScript } from './log-scripts.js';

/**
 * Injects the connection of the queue: others would have to wait behind so much data. It fails fast.
 */
export const LOG_REDIS = Symbol('redis:logs');

/** What goes to the stream as one entry. */
export interface NewEntry {
  readonly receiptId: string;
  readonly lineCount: number;
  readonly rows: EntryRows;
  readonly dedupKey?: string | undefined;
}

/** What became of an attempt to add an entry; `again` with the receipt of the earlier request of that key. */
export type Addition =
  | { readonly kind: 'added' | 'full' }
  | { readonly kind: 'again'; readonly receiptId: string };

/** The sums that Redis keeps, all of one moment. */
export interface QueueSums {
  readonly acceptedLines: number;
  readonly acceptedEntries: number;
  /** Taken out of the queue, after they were committed. */
  readonly acknowledgedLines: number;
  readonly backlogLines: number;
  readonly backlogBytes: number;
  readonly backlogEntries: number;
  /** How long the oldest entry has waited. */
  readonly lagMs: number;
  /** What is in the stream, which is what the sums say unless somebody else has written or deleted there. */
  readonly streamEntries: number;
}

const DEDUP_TTL_MS = 10 * 60_000;
/** What an entry takes in Redis beside its text. */
const ENTRY_OVERHEAD_BYTES = 256;
/** As fast as text gets to Redis on a slow machine; a request with more of it is waited for longer. */
const BYTES_PER_MS = 20_000;

/**
 * The queue of logs in the durable Redis: a stream that nobody trims, the sums of what went in and out, and a hash of
 * the receipts whose entries wait. All of it changes together. Every method throws RedisAwayError if Redis is away.
 */
@Injectable()
export class LogQueue {
  /** Bytes on their way: whoever comes later waits behind them. */
  private bytesUnderWay = 0;

  constructor(
    @Inject(LOG_REDIS) private readonly redis: RedisClient,
    private readonly breaker: RedisBreaker,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {}

  /** Appends an entry unless the backlog is full. */
  async add({ receiptId, lineCount, rows, dedupKey }: NewEntry): Promise<Addition> {
    const textBytes = Buffer.byteLength(rows.text) + Buffer.byteLength(rows.summary);
    const bytes = textBytes + ENTRY_OVERHEAD_BYTES;
    const keys = [STREAM, stateKey, queuedKey, dedupKeyOf(dedupKey ?? '')];
    const dedupTtlMs = dedupKey === undefined ? 0 : DEDUP_TTL_MS;
    const limitBytes = this.config.backlogBytes;
    const args = [receiptId, lineCount, bytes, limitBytes, dedupTtlMs, rows.summary, rows.text];
    this.bytesUnderWay += textBytes;
    try {
      const extraMs = Math.ceil(this.bytesUnderWay / BYTES_PER_MS);
      const result = (await this.ask(() => addScript.run(this.redis, keys, args), extraMs)) as string;
      if (result.startsWith('again:')) return { kind: 'again', receiptId: result.slice('again:'.length) };
      return { kind: result as 'added' | 'full' };
    } finally {
      this.bytesUnderWay -= textBytes;
    }
  }

  /** Which of these receipts' entries still wait. */
  async waitingAmong(receiptIds: readonly string[]): Promise<Set<string>> {
    if (receiptIds.length === 0) return new Set();
    const marks = await this.ask(() => this.redis.hmget(queuedKey, ...receiptIds));
    return new Set(receiptIds.filter((_, index) => marks[index] !== null));
  }

  /**
   * Begins the sums anew, from as many lines as are committed. `before`: as they were before those were counted.
   * @returns false, with nothing done, if entries wait or went by since.
   */
  async restartSums(committedLines: number, before: QueueSums): Promise<boolean> {
    const keys = [STREAM, stateKey, queuedKey];
    const args = [committedLines, before.acknowledgedLines];
    return (await this.ask(() => restartSumsScript.run(this.redis, keys, args))) === 1;
  }

  /** How many readers of the stream have asked it for something within so long. */
  async countReaders(silenceMs: number): Promise<number> {
    return (await this.ask(() => countReadersScript.run(this.redis, [STREAM], [GROUP, silenceMs]))) as number;
  }

  async sums(): Promise<QueueSums> {
    const values = await this.ask(() => sumsScript.run(this.redis, [STREAM, stateKey], []));
    const [
      acceptedLines = 0,
      acceptedEntries = 0,
      acknowledgedLines = 0,
      backlogLines = 0,
      backlogBytes = 0,
      backlogEntries = 0,
      lagMs = 0,
      streamEntries = 0,
    ] = values as number[];
    return {
      acceptedLines,
      acceptedEntries,
      acknowledgedLines,
      backlogLines,
      backlogBytes,
      backlogEntries,
      lagMs,
      streamEntries,
    };
  }

  /** A connection that is only not there again yet says nothing about Redis, so the breaker does not hear of it. */
  private async ask<T>(operation: () => Promise<T>, extraMs = 0): Promise<T> {
    if (this.redis.status !== 'ready') throw new RedisAwayError(new Error('there is no connection for logs'));
    const wasAway = this.breaker.isOpen;
    try {
      return await this.breaker.run(operation, extraMs);
    } catch (error) {
      // It may be a connection that is gone without a word; the breaker looks on another one.
      const isMute = !wasAway && error instanceof RedisAwayError && error.cause instanceof NoAnswerError;
      if (isMute && this.redis.status === 'ready') this.redis.disconnect(true);
      throw error;
    }
  }
}
