import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import type { MicroCoins } from '../../shared/money.js';

/** What a user posted, and did for others. */
export interface ErrandTotals {
  posted: number;
  /** Of those posted. */
  completed: number;
  cancelled: number;
  /** As the expert who was paid. */
  done: number;
  /** Micro-coins. */
  earned: MicroCoins;
  lastChangeAt: Date | null;
}

interface ChangeRow {
  id: string;
  poster_id: string;
  expert_id: string | null;
  changed_at: Date;
}

interface TotalsRow {
  user_id: string;
  posted: string | number;
  completed: string | number;
  cancelled: string | number;
  done: string | number;
  earned: string | number;
  last_change_at: Date | null;
}

/** Whose errands changed, and what they come to: for statistics. Reads without locks. */
@Injectable()
export class MarketplaceActivity {
  constructor(private readonly transactions: Transactions) {}

  /**
   * The parties of errands that changed at or after `since`, `limit` errands at a time.
   * @returns their ids, and where to go on; null at the end.
   */
  async changedErrands(
    since: Date,
    cursor: string | null,
    limit: number,
  ): Promise<{ userIds: string[]; cursor: string | null }> {
    const [at, id] = cursor === null ? [since, ''] : positionOf(cursor);
    const rows: ChangeRow[] = await this.transactions.single.query(
      `SELECT id, poster_id, expert_id, changed_at FROM errands FORCE INDEX (idx_errands_changed)
       WHERE changed_at >= ? AND (changed_at > ? OR id > ?) ORDER BY changed_at, id LIMIT ?`,
      [at, at, id, limit],
    );
    const parties = rows.flatMap((row) =>
      row.expert_id === null ? [row.poster_id] : [row.poster_id, row.expert_id],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      userIds: [...new Set(parties)],
      cursor: last ? `${last.changed_at.toISOString()} ${last.id}` : null,
    };
  }

  /** What the errands of these users come to now; those without any are left out. */
  async totalsOf(userIds: readonly string[]): Promise<Map<string, ErrandTotals>> {
    if (userIds.length === 0) return new Map();
    const rows: TotalsRow[] = await this.transactions.single.query(
      `SELECT user_id, SUM(posted) AS posted, SUM(completed) AS completed, SUM(cancelled) AS cancelled,
         SUM(done) AS done, SUM(earned) AS earned, MAX(last_change_at) AS last_change_at
       FROM (
         SELECT poster_id AS user_id, COUNT(*) AS posted, SUM(state = 'completed') AS completed,
           SUM(state = 'cancelled') AS cancelled, 0 AS done, 0 AS earned, MAX(created_at) AS last_change_at
         FROM errands WHERE poster_id IN (?) AND state <> 'posting' GROUP BY poster_id
         UNION ALL
         SELECT expert_id, 0, 0, 0, SUM(state = 'completed'), SUM(IF(state = 'completed', payment, 0)),
           MAX(COALESCE(delivered_at, accepted_at))
         FROM errands WHERE expert_id IN (?) GROUP BY expert_id
       ) AS counted GROUP BY user_id`,
      [userIds, userIds],
    );
    return new Map(rows.map((row) => [row.user_id, toTotals(row)]));
  }
}

function toTotals(row: TotalsRow): ErrandTotals {
  return {
    posted: Number(row.posted),
    completed: Number(row.completed),
    cancelled: Number(row.cancelled),
    done: Number(row.done),
    earned: BigInt(row.earned),
    lastChangeAt: row.last_change_at,
  };
}

function positionOf(cursor: string): [at: Date, id: string] {
  const [at = '', id = ''] = cursor.split(' ');
  return [new Date(at), id];
}
