import { setTimeout as delay } from 'node:timers/promises';
import { RedisAwayError } from '../../../../platform/redis/index.js';
import { memberOf, type Tail } from './tail-publisher.js';
import type { TailStore } from './tail.store.js';

/** What a client is told. */
export type TailEvent =
  | { readonly type: 'line'; readonly id: string; readonly text: string }
  /** So many lines that fit are not shown: there were too many, or the client reads too slowly. */
  | { readonly type: 'dropped'; readonly count: number }
  /** Nobody knows how many lines are missing here: Redis was away for too long. */
  | { readonly type: 'gap' };

const POLL_INTERVAL_MS = 250;
const RENEW_INTERVAL_MS = 10_000;
const ITEMS_A_READ = 100;
/** A line is published twice only if its writer died; such a one is known among so many. */
const IDS_KEPT = 10_000;

/** One client's view of the lines that are committed from now on. Holds no more than one read of them. */
export class LogTail {
  private readonly shown = new Set<string>();
  private number = 0;
  private renewedAtMs = 0;

  constructor(
    private readonly store: TailStore,
    private readonly tail: Tail,
  ) {}

  /** From the end of this on, what is committed is shown. @throws RedisAwayError */
  async open(): Promise<void> {
    await this.store.renew(this.tail.id, memberOf(this.tail));
    this.renewedAtMs = performance.now();
  }

  /**
   * What happens, in the order of the commits, until `signal` is aborted. The next lines are fetched when the last have
   * been taken. While Redis is away there is nothing to tell.
   */
  async *events(signal: AbortSignal): AsyncGenerator<TailEvent> {
    while (!signal.aborted) {
      const events = await this.next();
      yield* events;
      if (events.length < ITEMS_A_READ) {
        await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Has the writers forget it; if that fails they do so by themselves after a minute. */
  async close(): Promise<void> {
    await this.store.remove(this.tail.id, memberOf(this.tail)).catch(ifAway);
  }

  private async next(): Promise<TailEvent[]> {
    try {
      return [...(await this.renew()), ...(await this.read())];
    } catch (error) {
      ifAway(error);
      return [];
    }
  }

  private async renew(): Promise<TailEvent[]> {
    if (performance.now() - this.renewedAtMs < RENEW_INTERVAL_MS) return [];
    const wasKnown = await this.store.renew(this.tail.id, memberOf(this.tail));
    this.renewedAtMs = performance.now();
    if (wasKnown) return [];
    this.number = 0;
    return [{ type: 'gap' }];
  }

  private async read(): Promise<TailEvent[]> {
    const items = await this.store.readAfter(this.tail.id, this.number, ITEMS_A_READ);
    return items.flatMap(({ number, line }) => {
      const missed = number - this.number - (line === null ? 0 : 1);
      this.number = number;
      const dropped: TailEvent[] = missed > 0 ? [{ type: 'dropped', count: missed }] : [];
      return [...dropped, ...(line === null ? [] : this.show(line))];
    });
  }

  private show(text: string): TailEvent[] {
    const { id } = JSON.parse(text) as { id: string };
    if (this.shown.has(id)) return [];
    this.shown.add(id);
    if (this.shown.size > IDS_KEPT) {
      for (const oldest of this.shown) {
        this.shown.delete(oldest);
        break;
      }
    }
    return [{ type: 'line', id, text }];
  }
}

function ifAway(error: unknown): void {
  if (!(error instanceof RedisAwayError)) throw error;
}
