import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { newId } from '../../../shared/ids.js';
import type { ScheduleMode } from '../domain/redis-switch.js';

/** A worker process, as the others know it. */
export interface EngineProcess {
  readonly id: string;
  /** For people: `host:pid`. */
  readonly label: string;
}

/** That a process looks after the schedules. */
export interface Lease {
  readonly holderId: string;
  readonly epoch: number;
}

/** Who looks after the schedules, and how they are driven. */
export interface LeaseState {
  readonly process: string | null;
  readonly epoch: number;
  readonly expiresAt: Date;
  readonly isHeld: boolean;
  readonly mode: ScheduleMode;
  readonly modeSince: Date;
  readonly drillUntil: Date | null;
  readonly isDrill: boolean;
}

export type SwitchKind = 'lease' | 'mode';

/** An entry of the timeline. */
export interface SwitchEntry {
  readonly id: string;
  readonly at: Date;
  readonly kind: SwitchKind;
  readonly fromMode: ScheduleMode | null;
  readonly toMode: ScheduleMode;
  readonly reason: string;
  readonly process: string;
  readonly epoch: number;
}

interface LeaseRow {
  process: string | null;
  epoch: string | number;
  expires_at: Date;
  is_held: string | number;
  mode: ScheduleMode;
  mode_since: Date;
  drill_until: Date | null;
  is_drill: string | number;
}

const LEASE_ID = 1;
const MAX_REASON_LENGTH = 255;
const milliseconds = (count: number) => count * 1_000;

/** The lease row and the timeline of changes. The database's clock decides. */
@Injectable()
export class LeaseRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Takes the lease if nobody has it. @returns undefined if somebody does. */
  acquire(process: EngineProcess, leaseMs: number): Promise<Lease | undefined> {
    return this.transactions.run(async (transaction) => {
      const taken = await transaction.query<{ affectedRows: number }>(
        `UPDATE schedule_lease SET holder = ?, process = ?, epoch = epoch + 1,
           expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
         WHERE id = ? AND expires_at <= UTC_TIMESTAMP(3)`,
        [process.id, process.label, milliseconds(leaseMs), LEASE_ID],
      );
      if (taken.affectedRows === 0) return undefined;
      const [row] = await transaction.query<[{ epoch: string; mode: ScheduleMode }]>(
        'SELECT epoch, mode FROM schedule_lease WHERE id = ?',
        [LEASE_ID],
      );
      const epoch = Number(row.epoch);
      await transaction.query(
        `INSERT INTO schedule_switches (id, at, kind, from_mode, to_mode, reason, process, epoch)
         VALUES (?, UTC_TIMESTAMP(3), 'lease', ?, ?, 'the lease was free', ?, ?)`,
        [newId(), row.mode, row.mode, process.label, epoch],
      );
      return { holderId: process.id, epoch };
    });
  }

  /** @returns false if the lease has run out or is another's. */
  async renew(lease: Lease, leaseMs: number): Promise<boolean> {
    const renewed = await this.transactions.single.query<{ affectedRows: number }>(
      `UPDATE schedule_lease SET expires_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
       WHERE id = ? AND holder = ? AND epoch = ? AND expires_at > UTC_TIMESTAMP(3)`,
      [milliseconds(leaseMs), LEASE_ID, lease.holderId, lease.epoch],
    );
    return renewed.affectedRows === 1;
  }

  /** Whether the lease is still this one; it stays so until the end of the transaction. */
  async isInForce(transaction: Transaction, lease: Lease): Promise<boolean> {
    const rows = await transaction.query<unknown[]>(
      'SELECT 1 FROM schedule_lease WHERE id = ? AND holder = ? AND epoch = ? LOCK IN SHARE MODE',
      [LEASE_ID, lease.holderId, lease.epoch],
    );
    return rows.length === 1;
  }

  /** Lets another process have it at once. */
  async release(lease: Lease): Promise<void> {
    await this.transactions.single.query(
      `UPDATE schedule_lease SET expires_at = UTC_TIMESTAMP(3) WHERE id = ? AND holder = ? AND epoch = ?`,
      [LEASE_ID, lease.holderId, lease.epoch],
    );
  }

  async read(): Promise<LeaseState> {
    const [row]: LeaseRow[] = await this.transactions.single.query(
      `SELECT process, epoch, expires_at, expires_at > UTC_TIMESTAMP(3) AS is_held, mode, mode_since, drill_until,
         COALESCE(drill_until > UTC_TIMESTAMP(3), 0) AS is_drill
       FROM schedule_lease WHERE id = ?`,
      [LEASE_ID],
    );
    if (!row) throw new Error('The lease row is missing.');
    return {
      process: row.process,
      epoch: Number(row.epoch),
      expiresAt: row.expires_at,
      isHeld: Number(row.is_held) === 1,
      mode: row.mode,
      modeSince: row.mode_since,
      drillUntil: row.drill_until,
      isDrill: Number(row.is_drill) === 1,
    };
  }

  /** Writes a change of mode down, with its reason. @returns false if the lease is another's by now. */
  setMode(lease: Lease, process: EngineProcess, to: ScheduleMode, reason: string): Promise<boolean> {
    return this.transactions.run(async (transaction) => {
      const [before] = await transaction.query<{ mode: ScheduleMode }[]>(
        'SELECT mode FROM schedule_lease WHERE id = ? AND holder = ? AND epoch = ? FOR UPDATE',
        [LEASE_ID, lease.holderId, lease.epoch],
      );
      if (!before) return false;
      await transaction.query(
        'UPDATE schedule_lease SET mode = ?, mode_since = UTC_TIMESTAMP(3) WHERE id = ?',
        [to, LEASE_ID],
      );
      await transaction.query(
        `INSERT INTO schedule_switches (id, at, kind, from_mode, to_mode, reason, process, epoch)
         VALUES (?, UTC_TIMESTAMP(3), 'mode', ?, ?, ?, ?, ?)`,
        [newId(), before.mode, to, reason.slice(0, MAX_REASON_LENGTH), process.label, lease.epoch],
      );
      return true;
    });
  }

  /** From now on and for so long Redis is taken for lost; 0 ends a drill. */
  async setDrill(seconds: number): Promise<void> {
    await this.transactions.single.query(
      'UPDATE schedule_lease SET drill_until = UTC_TIMESTAMP(3) + INTERVAL ? SECOND WHERE id = ?',
      [seconds, LEASE_ID],
    );
  }

  /** The timeline from the newest on, entries with ids below `before`. */
  async listSwitches(limit: number, before?: string): Promise<SwitchEntry[]> {
    const rows: Record<string, unknown>[] = await this.transactions.single.query(
      `SELECT id, at, kind, from_mode, to_mode, reason, process, epoch FROM schedule_switches
       ${before === undefined ? '' : 'WHERE id < ?'} ORDER BY id DESC LIMIT ?`,
      before === undefined ? [limit] : [before, limit],
    );
    return rows.map((row) => ({
      id: row['id'] as string,
      at: row['at'] as Date,
      kind: row['kind'] as SwitchKind,
      fromMode: row['from_mode'] as ScheduleMode | null,
      toMode: row['to_mode'] as ScheduleMode,
      reason: row['reason'] as string,
      process: row['process'] as string,
      epoch: Number(row['epoch']),
    }));
  }

  /** Forgets entries older than so many days, a bounded number. @returns how many. */
  async forgetSwitches(days: number, limit: number): Promise<number> {
    const { affectedRows } = await this.transactions.single.query<{ affectedRows: number }>(
      'DELETE FROM schedule_switches WHERE at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
      [days, limit],
    );
    return affectedRows;
  }
}
