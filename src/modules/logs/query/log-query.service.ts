import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { Clock } from '../../../shared/clock.js';
import type { LogLine } from '../domain/log-line.js';
import { isWideSearch, type LinePlace, type LogFilter, type TimeWindow } from './domain/log-filter.js';
import { Slots } from './domain/slots.js';
import { completeWindow, isLongerThan } from './domain/time-window.js';
import { logQueryConfig } from './log-query.config.js';
import { logQueriesBusy, logWindowTooWide } from './log-query.errors.js';
import { type FoundLine, LogQueryRepository } from './log-query.repository.js';

/** A page of lines, and where the next one begins: below this place. Null at the end. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  readonly next: LinePlace | null;
}

/** A page has at most so many bytes of messages and data, or one line. */
const BYTES_A_PAGE = 8_000_000;
const PATIENCE_MS = 2_000;

/** Reads stored lines: bounded in number, bytes and time, so that no question can take the database from the others. */
@Injectable()
export class LogQuery {
  private readonly querySlots: Slots;
  private readonly pageSlots: Slots;

  constructor(
    private readonly repository: LogQueryRepository,
    private readonly clock: Clock,
    @Inject(logQueryConfig.token) private readonly config: ConfigOf<typeof logQueryConfig>,
  ) {
    this.querySlots = new Slots(config.concurrentQueries);
    this.pageSlots = new Slots(config.concurrentQueries);
  }

  /**
   * The window that a question is about: what it names of it, and the default for the rest.
   * @throws log_window_too_wide if lines of everybody are to be searched for what no index knows, for too long a time.
   */
  windowOf(filter: LogFilter, given: { fromMs?: number | undefined; toMs?: number | undefined }): TimeWindow {
    const { defaultWindowHours, searchWindowHours } = this.config;
    const nowMs = this.clock.nowMs();
    const window = completeWindow(given, nowMs, Math.min(defaultWindowHours, searchWindowHours));
    if (isWideSearch(filter) && isLongerThan(searchWindowHours, window, nowMs)) {
      throw logWindowTooWide({
        detail: `Name a device (device_id) or trace (trace_id), or at most ${searchWindowHours} hours (from, to).`,
        details: { limit_hours: searchWindowHours },
        param: 'from',
      });
    }
    return window;
  }

  /**
   * Lines that fit, the newest first, from below `before` on. A page of long lines has fewer than `limit`.
   * @throws query_too_slow, log_queries_busy.
   */
  list(
    filter: LogFilter,
    window: TimeWindow,
    before: LinePlace | undefined,
    limit: number,
  ): Promise<LogPage> {
    return inSlot(this.querySlots, async () => {
      // One more than the page holds tells whether there is a next one.
      const found = await this.repository.findLines(filter, window, before, limit + 1);
      return this.pageOf(found, limit);
    });
  }

  /** The newest lines of a device, of any time. @throws query_too_slow, log_queries_busy. */
  async listDevice(deviceId: string, limit: number): Promise<readonly LogLine[]> {
    const page = await inSlot(this.pageSlots, async () =>
      this.pageOf(await this.repository.findDeviceLines(deviceId, limit), limit),
    );
    return page.lines;
  }

  private async pageOf(found: readonly FoundLine[], limit: number): Promise<LogPage> {
    const fitting = found.slice(0, Math.min(limit, countThatFit(found)));
    const last = fitting.at(-1)?.line;
    const hasNext = last !== undefined && fitting.length < found.length;
    return {
      lines: await this.repository.addData(fitting),
      next: hasNext ? { createdAtMs: last.created_at, id: last.id } : null,
    };
  }
}

async function inSlot<T>(slots: Slots, work: () => Promise<T>): Promise<T> {
  const free = await slots.take(PATIENCE_MS);
  if (!free) throw logQueriesBusy({ retryAfterSeconds: 1 });
  try {
    return await work();
  } finally {
    free();
  }
}

function countThatFit(found: readonly FoundLine[]): number {
  let bytes = 0;
  const end = found.findIndex((one) => (bytes += one.bytes) > BYTES_A_PAGE);
  return end === -1 ? found.length : Math.max(end, 1);
}
