import { Injectable } from '@nestjs/common';
import { Transactions } from '../../../platform/database/index.js';
import { SAVE_SHARDS } from '../domain/shards.js';

/** A worker process as it last told of itself. */
export interface SaveWorkerState {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly shardsAtOnce: number;
  readonly activeShards: readonly number[];
}

/** Worker processes tell of themselves every two seconds. */
const SEEN_SECONDS = 10;
const FORGOTTEN_SECONDS = 3_600;
const MAX_WORKERS = 1_000;
const SETTINGS_ID = 1;

/** How the saves are to run, and what the worker processes make of it. */
@Injectable()
export class SaveWorkerRepository {
  constructor(private readonly transactions: Transactions) {}

  /** How many shards a worker process may save at once. */
  async shardsAtOnce(): Promise<number> {
    const rows: { shards_at_once: number }[] = await this.transactions.single.query(
      'SELECT shards_at_once FROM save_settings WHERE id = ?',
      [SETTINGS_ID],
    );
    return rows[0]?.shards_at_once ?? SAVE_SHARDS;
  }

  async setShardsAtOnce(count: number): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO save_settings (id, shards_at_once, changed_at) VALUES (?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE shards_at_once = VALUES(shards_at_once), changed_at = VALUES(changed_at)`,
      [SETTINGS_ID, count],
    );
  }

  async note({ id, host, pid, shardsAtOnce, activeShards }: SaveWorkerState): Promise<void> {
    await this.transactions.single.query(
      `INSERT INTO save_workers (id, host, pid, shards_at_once, active_shards, seen_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE shards_at_once = VALUES(shards_at_once), active_shards = VALUES(active_shards),
         seen_at = VALUES(seen_at)`,
      [id, host, pid, shardsAtOnce, activeShards.join(',')],
    );
  }

  /** Takes away the row of a process that stops, and those of processes that are long gone. */
  async remove(id: string): Promise<void> {
    await this.transactions.single.query(
      'DELETE FROM save_workers WHERE id = ? OR seen_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND',
      [id, FORGOTTEN_SECONDS],
    );
  }

  /** The processes that told of themselves lately. */
  async list(): Promise<SaveWorkerState[]> {
    const rows: { id: string; host: string; pid: number; shards_at_once: number; active_shards: string }[] =
      await this.transactions.single.query(
        `SELECT id, host, pid, shards_at_once, active_shards FROM save_workers
         WHERE seen_at >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND ORDER BY host, pid LIMIT ?`,
        [SEEN_SECONDS, MAX_WORKERS],
      );
    return rows.map((row) => ({
      id: row.id,
      host: row.host,
      pid: row.pid,
      shardsAtOnce: row.shards_at_once,
      activeShards: row.active_shards === '' ? [] : row.active_shards.split(',').map(Number),
    }));
  }
}
