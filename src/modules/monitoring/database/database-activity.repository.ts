import { Inject, Injectable } from '@nestjs/common';
import { DatabaseProbe, isServerRefusal } from '../../../platform/database/index.js';
import { serviceUnavailable } from '../../../platform/errors/index.js';
import {
  digests,
  type DigestRow,
  lockWaits,
  type LockWaitRow,
  runningStatements,
  type RunningRow,
} from './activity-queries.js';

/** A probe of its own: what is looked for here may keep the one of the health checks waiting. */
export const ACTIVITY_PROBE = Symbol('activity-probe');

const TIMEOUT_MS = 2_000;

export type { DigestRow, LockWaitRow, RunningRow } from './activity-queries.js';

/**
 * What the database server tells of its own work, as far as it concerns this database. Each read takes two seconds at
 * most. @throws the server's error, for which `isRightMissing` or `isFeatureAbsent` is true if it cannot tell;
 * service_unavailable if it does not answer
 */
@Injectable()
export class DatabaseActivityRepository {
  private server: 'mariadb' | 'mysql' | undefined;

  constructor(@Inject(ACTIVITY_PROBE) private readonly probe: DatabaseProbe) {}

  /** Whether statements and transactions of other accounts than ours are told. */
  async checkProcessRight(): Promise<void> {
    await this.query('SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1');
  }

  /** Statements that have been running for so long, the longest first. */
  async runningStatements(minMs: number, limit: number): Promise<RunningRow[]> {
    return this.query(runningStatements[await this.findServer()], [minMs, limit]);
  }

  /** Who waits for whose locks, the longest wait first. */
  async lockWaits(limit: number): Promise<LockWaitRow[]> {
    return this.query(lockWaits[await this.findServer()], [limit]);
  }

  async isPerformanceSchemaOn(): Promise<boolean> {
    const [row] = await this.query<{ is_on: unknown }>('SELECT @@performance_schema AS is_on');
    return Number(row?.is_on) === 1;
  }

  /** The kinds of statements that took the most time in all, since the server counts. */
  digests(limit: number): Promise<DigestRow[]> {
    return this.query(digests, [limit]);
  }

  private async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await this.probe.query<Row>(sql, TIMEOUT_MS, parameters);
    } catch (cause) {
      if (isServerRefusal(cause)) throw cause;
      throw serviceUnavailable({ detail: 'The database does not answer.', retryAfterSeconds: 1, cause });
    }
  }

  private async findServer(): Promise<'mariadb' | 'mysql'> {
    if (this.server) return this.server;
    const [row] = await this.query<{ version: string }>('SELECT VERSION() AS version');
    return (this.server = row && /mariadb/i.test(row.version) ? 'mariadb' : 'mysql');
  }
}
