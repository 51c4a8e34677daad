import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../../platform/config/index.js';
import { TimedReads } from '../../../../platform/database/index.js';
import { type LogLevel, logLevels } from '../../domain/log-line.js';
import { levelColumns } from '../../store/day-changes.js';
import { logQueryConfig } from '../log-query.config.js';

/** What is looked at to tell which devices are active. */
const LATEST_LINES = 10_000;
const DEVICES = 10;

/** Sums over the log. What is read is bounded, whatever is stored. */
@Injectable()
export class LogStatsRepository {
  constructor(
    private readonly reads: TimedReads,
    @Inject(logQueryConfig.token) private readonly config: ConfigOf<typeof logQueryConfig>,
  ) {}

  /** How many lines there are, in total and of each level: from the sums of the days, of which there are few. */
  async countLines(): Promise<{ total: number; byLevel: Map<LogLevel, number> }> {
    const sums = logLevels.map((level) => `SUM(${levelColumns[level]}) AS ${level}`);
    const [row] = await this.reads.query<Record<string, string | null>>(
      `SELECT SUM(stored_lines) - SUM(dropped_lines) AS total, ${sums.join(', ')} FROM log_days`,
      [],
      this.config.timeoutMs,
    );
    const count = (column: string) => Number(row?.[column] ?? 0);
    return {
      total: count('total'),
      byLevel: new Map(logLevels.map((level) => [level, count(level)])),
    };
  }

  /** The devices with the most lines among the latest, the most active first. */
  async listActiveDevices(): Promise<string[]> {
    const rows = await this.reads.query<{ device_id: string }>(
      `SELECT device_id FROM (SELECT device_id FROM logs FORCE INDEX (idx_logs_time)
                               ORDER BY created_at DESC LIMIT ?) AS latest
        GROUP BY device_id ORDER BY COUNT(*) DESC, device_id LIMIT ?`,
      [LATEST_LINES, DEVICES],
      this.config.timeoutMs,
    );
    return rows.map(({ device_id }) => device_id);
  }
}
