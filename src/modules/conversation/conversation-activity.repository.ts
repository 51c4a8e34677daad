import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/index.js';
import { firstIdAt } from '../../shared/ids.js';

/** What a user has. */
export interface ConversationTotals {
  conversations: number;
  /** Saved, and not erased since. */
  turns: number;
  lastTurnAt: Date | null;
}

/** A page of users in whose conversations something happened, and where to go on; null at the end. */
interface ChangedOwners {
  userIds: string[];
  cursor: string | null;
}

interface TurnRow {
  id: string;
  owner_id: string;
  saved_at: Date;
}

/** In whose conversations something happened, and what they have: for statistics. Reads without locks. */
@Injectable()
export class ConversationActivity {
  constructor(private readonly transactions: Transactions) {}

  /** The owners of turns that were saved at or after `since`, `limit` turns at a time. */
  async savedTurns(since: Date, cursor: string | null, limit: number): Promise<ChangedOwners> {
    const [at, id] = cursor === null ? [since, ''] : positionOf(cursor);
    // Each value of the index's first column is a range in the order of time.
    const ofOneValue = `(SELECT id, owner_id, saved_at FROM turns FORCE INDEX (idx_turns_indexed)
      WHERE is_indexed = ? AND saved_at >= ? AND (saved_at > ? OR id > ?) ORDER BY saved_at, id LIMIT ?)`;
    const rows: TurnRow[] = await this.transactions.single.query(
      `${ofOneValue} UNION ALL ${ofOneValue} ORDER BY saved_at, id LIMIT ?`,
      [0, at, at, id, limit, 1, at, at, id, limit, limit],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      userIds: [...new Set(rows.map((row) => row.owner_id))],
      cursor: last ? `${last.saved_at.toISOString()} ${last.id}` : null,
    };
  }

  /** The owners of conversations whose erasure was asked for at or after `since`. */
  async erasedConversations(since: Date, cursor: string | null, limit: number): Promise<ChangedOwners> {
    const rows: { id: string; owner_id: string }[] = await this.transactions.single.query(
      'SELECT id, owner_id FROM erasures WHERE id > ? ORDER BY id LIMIT ?',
      [cursor ?? firstIdAt(since), limit],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return { userIds: [...new Set(rows.map((row) => row.owner_id))], cursor: last?.id ?? null };
  }

  /** What these users have now; those with nothing are left out. */
  async totalsOf(userIds: readonly string[]): Promise<Map<string, ConversationTotals>> {
    if (userIds.length === 0) return new Map();
    const rows: {
      owner_id: string;
      conversations: string | number;
      turns: string | number;
      last_turn_at: Date | null;
    }[] = await this.transactions.single.query(
      `SELECT owner_id, SUM(conversations) AS conversations, SUM(turns) AS turns, MAX(last_turn_at) AS last_turn_at
       FROM (
         SELECT owner_id, COUNT(*) AS conversations, 0 AS turns, CAST(NULL AS DATETIME(3)) AS last_turn_at
         FROM conversations WHERE owner_id IN (?) GROUP BY owner_id
         UNION ALL
         SELECT owner_id, 0, COUNT(*), MAX(started_at) FROM turns WHERE owner_id IN (?) GROUP BY owner_id
       ) AS counted GROUP BY owner_id`,
      [userIds, userIds],
    );
    return new Map(
      rows.map((row) => [
        row.owner_id,
        {
          conversations: Number(row.conversations),
          turns: Number(row.turns),
          lastTurnAt: row.last_turn_at,
        },
      ]),
    );
  }
}

function positionOf(cursor: string): [at: Date, id: string] {
  const [at = '', id = ''] = cursor.split(' ');
  return [new Date(at), id];
}
