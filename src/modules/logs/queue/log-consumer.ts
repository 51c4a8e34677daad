import { Logger } from '@nestjs/common';
import { derivedId } from '../../../shared/ids.js';
import type { RedisClient } from '../../../platform/redis/index.js';
import { type EntrySummary, readSummary } from '../store/entry-rows.js';
import { GROUP, queuedKey, STREAM, stateKey } from './log-keys.js';
import { acknowledgeScript, removeConsumersScript } from './log-scripts.js';

/** An entry as a writer gets it. */
export interface QueuedEntry {
  /** Its place in the stream. */
  readonly streamId: string;
  readonly receiptId: string;
  readonly lineCount: number;
  readonly bytes: number;
  readonly content: EntryContent;
}

/** What an entry holds: rows that the database can load as they are, or lines as JSON. */
export type EntryContent =
  | {
      readonly kind: 'rows';
      readonly text: string;
      /** Undefined: there is none that can be right. */
      readonly summary: EntrySummary | undefined;
    }
  | { readonly kind: 'json'; readonly text: string };

export interface ReadLimits {
  readonly lines: number;
  readonly bytes: number;
  /** How long to wait for the first entry. */
  readonly blockMs: number;
}

/** Entries that were not written by us have no receipt: theirs is derived from their place in the stream. */
const FOREIGN_ENTRIES = '0b6f7a52-6f0a-4a33-9a0e-6d3a3f1f7c11';
const MAX_ENTRIES_PER_READ = 200;
const MAX_CLAIMED = 50;
/** What an entry is taken for until some were seen. */
const FIRST_GUESS = { lines: 100, bytes: 32_000 };

type StreamReply = [id: string, fields: string[] | null][];

/** One reader of the stream's group, on a connection of its own. */
export class LogConsumer {
  private readonly logger = new Logger('LogWriter');
  private guess = FIRST_GUESS;
  private connectionId: number | undefined;

  constructor(
    private readonly redis: RedisClient,
    readonly name: string,
  ) {
    redis.on('close', () => (this.connectionId = undefined));
  }

  /** Reads new entries until the limits are reached or none is left; waits for the first. */
  async read({ lines, bytes, blockMs }: ReadLimits): Promise<QueuedEntry[]> {
    this.connectionId ??= await this.redis.client('ID');
    const entries: QueuedEntry[] = [];
    let readLines = 0;
    let readBytes = 0;
    while (readLines < lines && readBytes < bytes) {
      const count = this.countFor(lines - readLines, bytes - readBytes);
      const some = await this.readSome(count, entries.length === 0 ? blockMs : undefined);
      for (const entry of some) {
        readLines += entry.lineCount;
        readBytes += entry.bytes;
        entries.push(entry);
      }
      if (some.length < count) break;
    }
    if (entries.length > 0) {
      this.guess = { lines: readLines / entries.length, bytes: readBytes / entries.length };
    }
    return entries;
  }

  /** Ends a wait for entries, from another connection; while Redis is away, any wait for it. */
  async stopWaiting(other: RedisClient): Promise<void> {
    if (this.redis.status !== 'ready') {
      this.redis.disconnect();
      return;
    }
    if (this.connectionId !== undefined) await other.client('UNBLOCK', this.connectionId);
  }

  /** Takes over entries that their reader has had for so long that it must be dead. */
  async claim(idleMs: number): Promise<QueuedEntry[]> {
    const reply = (await this.inGroup(() =>
      this.redis.call('xautoclaim', STREAM, GROUP, this.name, idleMs, '0-0', 'COUNT', MAX_CLAIMED),
    )) as [string, StreamReply];
    // Redis 6.2 also gives entries that are deleted already, without fields.
    const gone = reply[1].filter(([, fields]) => fields === null).map(([id]) => id);
    if (gone.length > 0) await this.redis.xack(STREAM, GROUP, ...gone);
    return toEntries(reply[1]);
  }

  /** Takes stored entries out of the stream and the backlog. */
  async acknowledge(entries: readonly QueuedEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const args: (string | number)[] = [GROUP];
    for (const entry of entries) args.push(entry.streamId, entry.receiptId, entry.lineCount, entry.bytes);
    await acknowledgeScript.run(this.redis, [STREAM, stateKey, queuedKey], args);
  }

  /** Removes readers that were not heard of for so long and have nothing. @returns how many. */
  async removeDead(idleMs: number): Promise<number> {
    return (await removeConsumersScript.run(this.redis, [STREAM], [GROUP, idleMs, ''])) as number;
  }

  /** Removes this reader itself, unless it has entries: those are for others to claim. */
  async leave(): Promise<void> {
    await removeConsumersScript.run(this.redis, [STREAM], [GROUP, Number.MAX_SAFE_INTEGER, this.name]);
  }

  private async readSome(count: number, blockMs: number | undefined): Promise<QueuedEntry[]> {
    const waiting = blockMs === undefined ? [] : ['BLOCK', blockMs];
    const group = ['GROUP', GROUP, this.name, 'COUNT', count, ...waiting];
    const reply = await this.inGroup(() => this.redis.call('xreadgroup', ...group, 'STREAMS', STREAM, '>'));
    const [stream] = (reply ?? []) as [string, StreamReply][];
    return stream ? toEntries(stream[1]) : [];
  }

  private countFor(lines: number, bytes: number): number {
    const count = Math.min(lines / this.guess.lines, bytes / this.guess.bytes, MAX_ENTRIES_PER_READ);
    return Math.max(1, Math.floor(count));
  }

  /**
   * Makes the group if there is none: at first, and after somebody has emptied Redis. From the stream's beginning, so
   * that what was accepted before there was a reader is read too. Not by the way: Redis refuses it without memory.
   */
  private async inGroup<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (!startsWith(error, 'NOGROUP')) throw error;
    }
    try {
      await this.redis.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM');
      this.logger.log('the group of the log stream was made', { stream: STREAM, group: GROUP });
    } catch (error) {
      if (!startsWith(error, 'BUSYGROUP')) throw error;
    }
    return command();
  }
}

function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}

function toEntries(reply: StreamReply): QueuedEntry[] {
  return reply.flatMap(([streamId, fields]) => (fields === null ? [] : [toEntry(streamId, fields)]));
}

function toEntry(streamId: string, fields: readonly string[]): QueuedEntry {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    values.set(fields[index] as string, fields[index + 1] as string);
  }
  const receiptId = values.get('receipt');
  const lineCount = countOf(values.get('lines'));
  const content = contentOf(values, lineCount);
  if (receiptId?.length !== 36 || content === undefined) return foreignEntry(streamId, values);
  return { streamId, receiptId, lineCount, bytes: countOf(values.get('bytes')), content };
}

function contentOf(values: ReadonlyMap<string, string>, lineCount: number): EntryContent | undefined {
  const rows = values.get('rows');
  if (rows !== undefined) {
    const summary = readSummary(values.get('summary') ?? '', lineCount);
    return { kind: 'rows', text: rows, summary };
  }
  const payload = values.get('payload');
  return payload === undefined ? undefined : { kind: 'json', text: payload };
}

/** What somebody else wrote to the stream. */
function foreignEntry(streamId: string, values: ReadonlyMap<string, string>): QueuedEntry {
  const text = JSON.stringify(Object.fromEntries(values));
  return {
    streamId,
    receiptId: derivedId(FOREIGN_ENTRIES, streamId),
    lineCount: 0,
    bytes: text.length,
    content: { kind: 'json', text },
  };
}

function countOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
