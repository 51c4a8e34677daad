import { Injectable } from '@nestjs/common';
import { type Statement, Transactions } from '../../../platform/database/index.js';
import type { Branch, MessagePlace } from '../domain/path.js';
import { forkPointIds, type NewBranch, type TreeEnds } from '../domain/placement.js';
import type { Turn } from '../domain/turn.js';

type Rows = readonly Record<string, unknown>[];

export interface BranchRow extends Branch {
  created_at: Date;
}

/** The branches of conversations. */
@Injectable()
export class BranchRepository {
  constructor(private readonly transactions: Transactions) {}

  /**
   * How far the tree of a conversation is saved and which of these turns are, all of one moment: between two
   * statements a save could make the one true and the other false.
   */
  async savedState(
    conversationId: string,
    turnIds: readonly string[],
  ): Promise<{ ends: TreeEnds; savedIds: Set<string> }> {
    const rows: {
      last_sequence: number;
      active_branch: number;
      last_branch: number;
      turn_id: string | null;
    }[] = await this.transactions.single.query(
      `SELECT c.last_sequence, c.active_branch, t.id AS turn_id,
         (SELECT COALESCE(MAX(b.branch), 0) FROM conversation_branches b WHERE b.conversation_id = c.id) AS last_branch
       FROM conversations c LEFT JOIN turns t ON t.id IN (?) WHERE c.id = ?`,
      [turnIds.length === 0 ? [''] : turnIds, conversationId],
    );
    return {
      ends: {
        lastSequence: rows[0]?.last_sequence ?? 0,
        lastBranch: rows[0]?.last_branch ?? 0,
        activeBranch: rows[0]?.active_branch ?? 0,
      },
      savedIds: new Set(rows.flatMap((row) => row.turn_id ?? [])),
    };
  }

  /** The branches up to and with `lastBranch`, except branch 0, which has no row. There are about a thousand at most. */
  async listBranches(conversationId: string, lastBranch: number): Promise<BranchRow[]> {
    if (lastBranch === 0) return [];
    return this.transactions.single.query(
      `SELECT branch, parent_branch, fork_sequence, created_at FROM conversation_branches
       WHERE conversation_id = ? AND branch <= ? ORDER BY branch`,
      [conversationId, lastBranch],
    );
  }

  /** Makes a branch the active one. It is there; whose the conversation is has been checked before. */
  async activate(conversationId: string, branch: number): Promise<void> {
    await this.transactions.single.query('UPDATE conversations SET active_branch = ? WHERE id = ?', [
      branch,
      conversationId,
    ]);
  }
}

/** The last branches of these conversations; one without branches but branch 0 gives no row. */
export function selectLastBranches(conversationIds: readonly string[]): Statement {
  return {
    sql: `SELECT conversation_id, MAX(branch) AS last_branch FROM conversation_branches
     WHERE conversation_id IN (?) GROUP BY conversation_id`,
    values: [listOf(conversationIds)],
  };
}

/** From the rows of `selectLastBranches`, by conversation. */
export function toLastBranches(rows: Rows): Map<string, number> {
  return new Map(rows.map((row) => [row['conversation_id'] as string, row['last_branch'] as number]));
}

/** The messages after which these turns fork. */
export function selectForkPoints(turns: readonly Turn[]): Statement {
  return {
    sql: 'SELECT id, conversation_id, branch, sequence FROM conversation_messages WHERE id IN (?)',
    values: [listOf(forkPointIds(turns))],
  };
}

/** From the rows of `selectForkPoints`, by conversation: only a message of its own counts. */
export function toForkPoints(rows: Rows): Map<string, Map<string, MessagePlace>> {
  const found = new Map<string, Map<string, MessagePlace>>();
  for (const row of rows as unknown as ({ id: string; conversation_id: string } & MessagePlace)[]) {
    const { id, conversation_id, branch, sequence } = row;
    const places = found.get(conversation_id) ?? new Map<string, MessagePlace>();
    found.set(conversation_id, places.set(id, { branch, sequence }));
  }
  return found;
}

/** Writes branches that turns have made, at least one. */
export function insertBranches(branches: readonly (NewBranch & { conversation_id: string })[]): Statement {
  const rows = branches.map((branch) => [
    branch.conversation_id,
    branch.branch,
    branch.parent_branch,
    branch.fork_sequence,
    new Date(branch.created_at),
  ]);
  return {
    sql: `INSERT INTO conversation_branches (conversation_id, branch, parent_branch, fork_sequence, created_at)
     VALUES ?`,
    values: [rows],
  };
}

/** What `IN (?)` takes: an empty list is no SQL. */
export function listOf(ids: readonly string[]): readonly string[] {
  return ids.length === 0 ? [''] : ids;
}
