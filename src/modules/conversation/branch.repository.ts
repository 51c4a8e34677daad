import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/index.js';
import type { Branch, MessagePlace } from './domain/path.js';
import { forkPointIds, type NewBranch, type TreeEnds } from './domain/placement.js';
import type { Turn } from './domain/turn.js';

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

/** The numbers of the last branches of these conversations; one without branches but branch 0 is left out. */
export async function lastBranches(
  transaction: Transaction,
  conversationIds: readonly string[],
): Promise<Map<string, number>> {
  const rows: { conversation_id: string; last_branch: number }[] = await transaction.query(
    `SELECT conversation_id, MAX(branch) AS last_branch FROM conversation_branches
     WHERE conversation_id IN (?) GROUP BY conversation_id`,
    [conversationIds],
  );
  return new Map(rows.map((row) => [row.conversation_id, row.last_branch]));
}

/** Where the saved messages are after which these turns fork, by conversation: only a message of its own counts. */
export async function findForkPoints(
  transaction: Transaction,
  turns: readonly Turn[],
): Promise<Map<string, Map<string, MessagePlace>>> {
  const ids = forkPointIds(turns);
  const found = new Map<string, Map<string, MessagePlace>>();
  if (ids.length === 0) return found;
  const rows: ({ id: string; conversation_id: string } & MessagePlace)[] = await transaction.query(
    'SELECT id, conversation_id, branch, sequence FROM conversation_messages WHERE id IN (?)',
    [ids],
  );
  for (const { id, conversation_id, branch, sequence } of rows) {
    const places = found.get(conversation_id) ?? new Map<string, MessagePlace>();
    found.set(conversation_id, places.set(id, { branch, sequence }));
  }
  return found;
}

/** Writes branches that turns have made. */
export async function insertBranches(
  transaction: Transaction,
  branches: readonly (NewBranch & { conversation_id: string })[],
): Promise<void> {
  if (branches.length === 0) return;
  await transaction.query(
    `INSERT INTO conversation_branches (conversation_id, branch, parent_branch, fork_sequence, created_at) VALUES ?`,
    [
      branches.map((branch) => [
        branch.conversation_id,
        branch.branch,
        branch.parent_branch,
        branch.fork_sequence,
        new Date(branch.created_at),
      ]),
    ],
  );
}
