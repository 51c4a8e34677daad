import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { isTimeLimitExceeded, TimedReads } from '../../../platform/database/index.js';
import type { LogLevel, LogLine } from '../domain/log-line.js';
import type { LinePlace, LogFilter, TimeWindow } from './domain/log-filter.js';
import { selectDeviceLines, selectLines } from './log-query.sql.js';
import { logQueryConfig } from './log-query.config.js';
import { queryTooSlow } from './log-query.errors.js';

/** A line, and how much it weighs. */
export interface FoundLine {
  readonly line: LogLine;
  /** Of the message and the data. */
  readonly bytes: number;
  /** Whether its data is long, and has not been read yet. */
  readonly lacksData: boolean;
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
  lacks_data: string | number;
  bytes: string | number;
}

const RETRY_AFTER_SECONDS = 5;

/** Reads the table of lines. Each read has a time limit: @throws query_too_slow past it. */
@Injectable()
export class LogQueryRepository {
  constructor(
    private readonly reads: TimedReads,
    @Inject(logQueryConfig.token) private readonly config: ConfigOf<typeof logQueryConfig>,
  ) {}

  /** The lines that fit, the newest first, from below `before` on; `limit` of them at the most. */
  async findLines(
    filter: LogFilter,
    window: TimeWindow,
    before: LinePlace | undefined,
    limit: number,
  ): Promise<FoundLine[]> {
    const { sql, parameters } = selectLines(filter, window, before, limit);
    return (await this.read<LineRow>(sql, parameters)).map(foundLine);
  }

  /** The newest lines of a device. */
  async findDeviceLines(deviceId: string, limit: number): Promise<FoundLine[]> {
    const { sql, parameters } = selectDeviceLines(deviceId, limit);
    return (await this.read<LineRow>(sql, parameters)).map(foundLine);
  }

  /** The lines with the data that they lack; without those that are gone meanwhile. */
  async addData(found: readonly FoundLine[]): Promise<LogLine[]> {
    const lacking = found.filter(({ lacksData }) => lacksData).map(({ line }) => line);
    if (lacking.length === 0) return found.map(({ line }) => line);
    const times = lacking.map(({ created_at }) => created_at);
    const rows = await this.read<{ id: string; log_data: string }>(
      // The times name the partitions to look into.
      `SELECT id, log_data FROM logs FORCE INDEX (PRIMARY)
        WHERE id IN (?) AND created_at >= ? AND created_at <= ?`,
      [lacking.map(({ id }) => id), new Date(Math.min(...times)), new Date(Math.max(...times))],
    );
    const texts = new Map(rows.map(({ id, log_data }) => [id, log_data]));
    return found.flatMap(({ line, lacksData }) => {
      if (!lacksData) return [line];
      const text = texts.get(line.id);
      return text === undefined ? [] : [{ ...line, log_data: parseData(text) }];
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

function foundLine({ lacks_data, bytes, ...row }: LineRow): FoundLine {
  return {
    line: {
      ...row,
      created_at: row.created_at.getTime(),
      log_data: row.log_data === null ? null : parseData(row.log_data),
    },
    bytes: Number(bytes),
    lacksData: Number(lacks_data) === 1,
  };
}

function parseData(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
