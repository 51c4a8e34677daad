import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { type Transaction, Transactions } from '../../../platform/database/index.js';
import { engagementConfig } from '../engagement.config.js';
import type { Rule } from './activity-rule.dto.js';

export const activityStates = ['open', 'counting', 'paying', 'ended', 'cancelled'] as const;
export type ActivityState = (typeof activityStates)[number];

export interface Activity {
  id: string;
  title: string;
  rule: Rule;
  startsAt: Date;
  endsAt: Date;
  state: ActivityState;
  /** The participant up to whom the payees are written down. */
  countedTo: string;
  createdBy: string;
  createdAt: Date;
  endedAt: Date | null;
}

export type NewActivity = Omit<Activity, 'state' | 'countedTo' | 'endedAt'>;

type Row = Record<string, unknown>;

const COLUMNS = 'id, title, rule, starts_at, ends_at, state, counted_to, created_by, created_at, ended_at';
/** Activities and their states. The database's clock decides. */
@Injectable()
export class ActivityRepository {
  constructor(
    private readonly transactions: Transactions,
    @Inject(engagementConfig.token) private readonly config: ConfigOf<typeof engagementConfig>,
  ) {}

  async insert(transaction: Transaction, activity: NewActivity): Promise<void> {
    await transaction.query(
      `INSERT INTO activities (${COLUMNS}) VALUES (?, ?, ?, ?, ?, 'open', '', ?, ?, NULL)`,
      [
        activity.id,
        activity.title,
        JSON.stringify(activity.rule),
        activity.startsAt,
        activity.endsAt,
        activity.createdBy,
        activity.createdAt,
      ],
    );
  }

  async countOpen(): Promise<number> {
    const [row]: { n: string }[] = await this.transactions.single.query(
      `SELECT COUNT(*) AS n FROM activities WHERE state = 'open'`,
    );
    return Number(row?.n);
  }

  async findById(id: string): Promise<Activity | undefined> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activities WHERE id = ?`,
      [id],
    );
    return rows.map(toActivity)[0];
  }

  /** All activities, the newest first, those with ids below `before`. */
  async list(before: string | undefined, limit: number): Promise<Activity[]> {
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activities ${before === undefined ? '' : 'WHERE id < ?'} ORDER BY id DESC LIMIT ?`,
      [...(before === undefined ? [] : [before]), limit],
    );
    return rows.map(toActivity);
  }

  /** Those that have not ended, the one that ends first first, those after a place in that order. */
  async listOpen(after: { endsAt: Date; id: string } | undefined, limit: number): Promise<Activity[]> {
    const beyond = after ? 'AND (ends_at > ? OR (ends_at = ? AND id > ?))' : '';
    const rows: Row[] = await this.transactions.single.query(
      `SELECT ${COLUMNS} FROM activities
       WHERE state = 'open' AND ends_at > UTC_TIMESTAMP(3) ${beyond} ORDER BY ends_at, id LIMIT ?`,
      [...(after ? [after.endsAt, after.endsAt, after.id] : []), limit],
    );
    return rows.map(toActivity);
  }

  /** An activity whose end, or the work that follows it, is due; none of `except`. */
  async findDue(except: readonly string[]): Promise<Activity | undefined> {
    const others = except.length === 0 ? '' : 'AND id NOT IN (?)';
    // Unfinished work first; one state after the other, so that each is a range of the index in order.
    for (const state of ['paying', 'counting', 'open'] satisfies ActivityState[]) {
      const rows: Row[] = await this.transactions.single.query(
        `SELECT ${COLUMNS} FROM activities FORCE INDEX (idx_activities_end)
         WHERE state = ? AND ends_at <= UTC_TIMESTAMP(3) - INTERVAL ? SECOND ${others}
         ORDER BY ends_at, id LIMIT 1`,
        [state, this.config.activitySettleSeconds, ...(except.length === 0 ? [] : [except])],
      );
      if (rows[0]) return toActivity(rows[0]);
    }
    return undefined;
  }

  /** Moves an activity on, if it is still where it is thought to be. */
  async advance(
    id: string,
    from: Pick<Activity, 'state' | 'countedTo'>,
    to: Pick<Activity, 'state' | 'countedTo'>,
    transaction: Transaction = this.transactions.single,
  ): Promise<boolean> {
    const result: { affectedRows: number } = await transaction.query(
      `UPDATE activities SET state = ?, counted_to = ?, ended_at = IF(? IN ('ended', 'cancelled'), UTC_TIMESTAMP(3), NULL)
       WHERE id = ? AND state = ? AND counted_to = ?`,
      [to.state, to.countedTo, to.state, id, from.state, from.countedTo],
    );
    return result.affectedRows === 1;
  }
}

function toActivity(row: Row): Activity {
  const rule = row['rule'];
  return {
    id: row['id'] as string,
    title: row['title'] as string,
    // MySQL's driver parses a JSON column; MariaDB's JSON is a text.
    rule: (typeof rule === 'string' ? JSON.parse(rule) : rule) as Rule,
    startsAt: row['starts_at'] as Date,
    endsAt: row['ends_at'] as Date,
    state: row['state'] as ActivityState,
    countedTo: row['counted_to'] as string,
    createdBy: row['created_by'] as string,
    createdAt: row['created_at'] as Date,
    endedAt: row['ended_at'] as Date | null,
  };
}
