import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { isTimeLimitExceeded, TimedReads } from '../../../platform/database/index.js';
import type { LogLevel, LogLine } from '../domain/log-line.js';
import type { LinePlace, LogFilter, TimeWindow } from './domain/log-filter.js';
import { selectDevicePlaces, selectPlaces } from './log-query.sql.js';
import { logQueryConfig } from './log-query.config.js';
import { queryTooSlow } from './log-query.errors.js';

/** A place, and how much the line there weighs. */
export interface FoundPlace extends LinePlace {
  readonly bytes: number;
}

interface PlaceRow {
  id: string;
  created_at: Date;
  bytes: string | number;
}

interface LineRow {
  id: string;
  device_id: string;
  log_level: LogLevel;
  message: string;
  log_data: string | null;
  created_at: Date;
  trace_id: string | null;
  span_id: string | null;
}

const RETRY_AFTER_SECONDS = 5;

/** Reads the table of lines. Each read has a time limit: @throws query_too_slow past it. */
@Injectable()
export class LogQueryRepository {
  constructor(
    private readonly reads: TimedReads,
    @Inject(logQueryConfig.token) private readonly config: ConfigOf<typeof logQueryConfig>,
  ) {}

  /** Where the lines that fit stand, the newest first, from below `before` on; `limit` of them at the most. */
  async findPlaces(
    filter: LogFilter,
    window: TimeWindow,
    before: LinePlace | undefined,
    limit: number,
  ): Promise<FoundPlace[]> {
    const { sql, parameters } = selectPlaces(filter, window, before, limit);
    return placesOf(await this.read<PlaceRow>(sql, parameters));
  }

  /** Where the newest lines of a device stand. */
  async findDevicePlaces(deviceId: string, limit: number): Promise<FoundPlace[]> {
    const { sql, parameters } = selectDevicePlaces(deviceId, limit);
    return placesOf(await this.read<PlaceRow>(sql, parameters));
  }

  /** The lines at these places, in their order; without those that are gone meanwhile. */
  async readLines(places: readonly LinePlace[]): Promise<LogLine[]> {
    if (places.length === 0) return [];
    const times = places.map(({ createdAtMs }) => createdAtMs);
    const rows = await this.read<LineRow>(
      // The times name the partitions to look into.
      `SELECT id, device_id, log_level, message, log_data, created_at, trace_id, span_id FROM logs
        WHERE id IN (?) AND created_at >= ? AND created_at <= ?`,
      [places.map(({ id }) => id), new Date(Math.min(...times)), new Date(Math.max(...times))],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return places.flatMap(({ id }) => {
      const row = byId.get(id);
      return row ? [lineOf(row)] : [];
    });
  }

  private async read<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    const { timeoutMs } = this.config;
    try {
      return await this.reads.query<Row>(sql, parameters, timeoutMs);
    } catch (cause) {
      if (!isTimeLimitExceeded(cause)) throw cause;
      throw queryTooSlow({
        detail:
          `It was ended after ${timeoutMs} ms. Name a device (device_id) or a trace (trace_id), or a shorter time ` +
          'window (from, to).',
        details: { limit_ms: timeoutMs, narrow: ['device_id', 'trace_id', 'from', 'to'] },
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause,
      });
    }
  }
}

function placesOf(rows: readonly PlaceRow[]): FoundPlace[] {
  return rows.map(({ id, created_at, bytes }) => ({
    id,
    createdAtMs: created_at.getTime(),
    bytes: Number(bytes),
  }));
}

function lineOf(row: LineRow): LogLine {
  return {
    ...row,
    created_at: row.created_at.getTime(),
    log_data: row.log_data === null ? null : (JSON.parse(row.log_data) as Record<string, unknown>),
  };
}
