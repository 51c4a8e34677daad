import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { CACHE_REDIS, CacheBreaker, type RedisClient } from '../../../../platform/redis/index.js';
import { devicePageKey, devicePageScripts, deviceStampKey, SHARED_STAMP_KEY } from './device-page-scripts.js';
import { SharedLoads } from './shared-loads.js';

/** A page's text, and where it came from. */
export interface CachedText {
  readonly text: string;
  readonly source: 'cache' | 'database';
}

/** So many stamps are removed with one command. */
const STAMPS_A_COMMAND = 500;

/**
 * The cached pages of devices. Without the cache, or with one that forgets, every page comes from the database.
 *
 * What is promised: whoever reads after `invalidate` has ended does not get a page that was read before it. Only if
 * this process cannot reach the cache while others can, they may see a page for as long as it is kept, 300 s; this
 * process makes good for it as soon as the cache is back.
 */
@Injectable()
export class DevicePages {
  private readonly loads = new SharedLoads<string>();
  /** How many invalidations did not reach the cache, and how many of them were made good for since. */
  private missed = 0;
  private madeGoodFor = 0;

  constructor(
    @Inject(CACHE_REDIS) private readonly redis: RedisClient,
    private readonly breaker: CacheBreaker,
    @InjectMetric('lockkeeper_logs_device_pages_total') private readonly reads: Counter,
  ) {
    breaker.onChange((isOpen) => {
      if (!isOpen && this.hasMissed) void this.invalidate([]);
    });
  }

  /**
   * The page of a device as the text of a JSON object: the cached one if it is valid, else what `load` reads, which is then kept. Those who
   * ask for the same meanwhile share one load, unless lines have come since it began.
   */
  async read(deviceId: string, limit: number, load: () => Promise<string>): Promise<CachedText> {
    const keys = [devicePageKey(deviceId, limit), deviceStampKey(deviceId), SHARED_STAMP_KEY];
    const looked = await this.look(keys);
    this.reads.inc({ outcome: looked === undefined ? 'away' : looked.page === undefined ? 'miss' : 'hit' });
    if (looked === undefined) return { text: await load(), source: 'database' };
    if (looked.page !== undefined) return { text: looked.page, source: 'cache' };
    const { stamp } = looked;
    const text = await this.loads.run(`${stamp}\n${keys[0]}`, async () => {
      const loaded = await load();
      // Nobody waits for it. It never fails, and on this connection it goes before the next look.
      void this.breaker.attempt(() => devicePageScripts.fill.run(this.redis, keys, [stamp, loaded]));
      return loaded;
    });
    return { text, source: 'database' };
  }

  /**
   * Makes the cached pages of these devices invalid. To be awaited after lines of theirs are committed and before
   * anybody is told so, also for an entry that is found to be stored already: who stored it may have died before this.
   * Never fails: a cache that is away is caught up with later.
   */
  async invalidate(deviceIds: readonly string[]): Promise<void> {
    const keys = [...new Set(deviceIds)].map(deviceStampKey);
    const { missed } = this;
    // Which devices were missed is not kept: the pages of all are made invalid.
    if (this.hasMissed) keys.push(SHARED_STAMP_KEY);
    const isDone = await this.breaker.attempt(async () => {
      const commands: Promise<number>[] = [];
      for (let start = 0; start < keys.length; start += STAMPS_A_COMMAND) {
        commands.push(this.redis.unlink(...keys.slice(start, start + STAMPS_A_COMMAND)));
      }
      await Promise.all(commands);
      return true;
    });
    if (isDone) this.madeGoodFor = Math.max(this.madeGoodFor, missed);
    else this.missed++;
  }

  private get hasMissed(): boolean {
    return this.missed > this.madeGoodFor;
  }

  private async look(keys: readonly string[]): Promise<{ stamp: string; page?: string } | undefined> {
    const reply = await this.breaker.attempt(() =>
      devicePageScripts.look.run(this.redis, keys, [randomUUID()]),
    );
    if (reply === undefined) return undefined;
    const [stamp, page] = reply as [string, string?];
    return page === undefined ? { stamp } : { stamp, page };
  }
}
