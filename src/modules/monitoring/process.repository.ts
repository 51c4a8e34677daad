import { Injectable } from '@nestjs/common';
import { DatabaseProbe, Transactions } from '../../platform/database/index.js';

export type ProcessRole = 'api' | 'worker';

/** A process as it describes itself. */
export interface ProcessDescription {
  id: string;
  role: ProcessRole;
  host: string;
  pid: number;
  version: string;
  /** The queues it takes jobs from. */
  queues: readonly string[];
}

/** How many processes of each role are alive. */
export type ProcessCounts = Record<ProcessRole, number>;

const STALE_AFTER_SECONDS = 15;
const MAX_ROWS_FORGOTTEN_AT_ONCE = 100;

/** The rows of running processes. All times are the database's, so that clocks need not agree. */
@Injectable()
export class ProcessRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly probe: DatabaseProbe,
  ) {}

  /** Says that a process is alive. */
  async beat(description: ProcessDescription): Promise<void> {
    const { id, role, host, pid, version, queues } = description;
    await this.transactions.single.query(
      `INSERT INTO processes (id, role, host, pid, version, queues, started_at, heartbeat_at)
       VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE heartbeat_at = UTC_TIMESTAMP(3)`,
      [id, role, host, pid, version, JSON.stringify(queues)],
    );
  }

  async remove(id: string): Promise<void> {
    await this.transactions.single.query('DELETE FROM processes WHERE id = ?', [id]);
  }

  /** Removes rows of processes that have been dead for over a day. */
  async forgetDead(): Promise<void> {
    await this.transactions.single.query(
      `DELETE FROM processes WHERE heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY LIMIT ?`,
      [MAX_ROWS_FORGOTTEN_AT_ONCE],
    );
  }

  /** Counts the processes that have shown themselves lately. @throws if the database is late. */
  async countAlive(timeoutMs: number): Promise<ProcessCounts> {
    const rows = await this.probe.query<{ role: ProcessRole; alive: number | string }>(
      `SELECT role, COUNT(*) AS alive FROM processes
       WHERE heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ${STALE_AFTER_SECONDS} SECOND GROUP BY role`,
      timeoutMs,
    );
    const countOf = (role: ProcessRole) => Number(rows.find((row) => row.role === role)?.alive ?? 0);
    return { api: countOf('api'), worker: countOf('worker') };
  }
}
