import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { RedisBreaker, type RedisClient, RedisConnections } from '../../../platform/redis/index.js';
import { logsConfig } from '../logs.config.js';
import { dedupKeyOf, queuedKey, STREAM, stateKey } from './log-keys.js';
import { addScript, sumsScript } from './log-scripts.js';

/** What goes to the stream as one entry. */
export interface NewEntry {
  readonly receiptId: string;
  readonly lineCount: number;
  readonly payload: string;
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
  private readonly redis: RedisClient;
  /** Bytes on their way: whoever comes later waits behind them. */
  private bytesUnderWay = 0;

  constructor(
    connections: RedisConnections,
    private readonly breaker: RedisBreaker,
    @Inject(logsConfig.token) private readonly config: ConfigOf<typeof logsConfig>,
  ) {
    this.redis = connections.openFailFast();
  }

  /** Appends an entry unless the backlog is full. */
  async add({ receiptId, lineCount, payload, dedupKey }: NewEntry): Promise<Addition> {
    const payloadBytes = Buffer.byteLength(payload);
    const bytes = payloadBytes + ENTRY_OVERHEAD_BYTES;
    const keys = [STREAM, stateKey, queuedKey, dedupKeyOf(dedupKey ?? '')];
    const dedupTtlMs = dedupKey === undefined ? 0 : DEDUP_TTL_MS;
    const args = [receiptId, lineCount, bytes, this.config.backlogBytes, dedupTtlMs, payload];
    this.bytesUnderWay += payloadBytes;
    try {
      const extraMs = Math.ceil(this.bytesUnderWay / BYTES_PER_MS);
      const result = (await this.breaker.run(() => addScript.run(this.redis, keys, args), extraMs)) as string;
      if (result.startsWith('again:')) return { kind: 'again', receiptId: result.slice('again:'.length) };
      return { kind: result as 'added' | 'full' };
    } finally {
      this.bytesUnderWay -= payloadBytes;
    }
  }

  /** Which of these receipts' entries still wait. */
  async waitingAmong(receiptIds: readonly string[]): Promise<Set<string>> {
    if (receiptIds.length === 0) return new Set();
    const marks = await this.breaker.run(() => this.redis.hmget(queuedKey, ...receiptIds));
    return new Set(receiptIds.filter((_, index) => marks[index] !== null));
  }

  async sums(): Promise<QueueSums> {
    const values = await this.breaker.run(() => sumsScript.run(this.redis, [STREAM, stateKey], []));
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
}
