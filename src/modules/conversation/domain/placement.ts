import type { Branch, MessagePlace } from './path.js';
import type { Turn } from './turn.js';

/** What is known of a conversation's tree before turns are added to it. */
export interface TreeEnds {
  /** The number of the last message that was saved, in whichever branch. */
  lastSequence: number;
  lastBranch: number;
  activeBranch: number;
}

/** A turn and where its messages go: from `sequence` on, one after the other. */
export interface PlacedTurn extends MessagePlace {
  turn: Turn;
}

/** A branch that a turn makes. */
export interface NewBranch extends Branch {
  created_at: string;
}

export interface Placement {
  turns: PlacedTurn[];
  branches: NewBranch[];
  ends: TreeEnds;
}

/**
 * Where the messages of turns go when they are saved in this order: the save and those who read turns that wait
 * ask the same function, so a message that waits is read in the place that it will have.
 *
 * - A turn without a fork goes to the end of the active branch.
 * - A fork makes a branch, which becomes the active one. The point may be a message of a turn before it in `turns`.
 * - A fork without any message (a new answer that never came) makes no branch.
 * - If the message after which it forks is gone, the turn goes to the end of the active branch: what was said and
 *   paid for is kept, and is seen.
 */
export function placeTurns(
  ends: TreeEnds,
  turns: readonly Turn[],
  /** Where the saved messages are after which the turns fork. */
  forkPoints: ReadonlyMap<string, MessagePlace>,
): Placement {
  const places = new Map(forkPoints);
  let { lastSequence, lastBranch, activeBranch } = ends;
  const branches: NewBranch[] = [];
  const placed = turns.map((turn): PlacedTurn => {
    const point = forkPointOf(turn, places);
    if (point) {
      activeBranch = ++lastBranch;
      branches.push({
        branch: activeBranch,
        parent_branch: point.branch,
        fork_sequence: point.sequence,
        created_at: turn.started_at,
      });
    }
    const sequence = lastSequence + 1;
    for (const { id } of turn.messages) places.set(id, { branch: activeBranch, sequence: ++lastSequence });
    return { turn, branch: activeBranch, sequence };
  });
  return { turns: placed, branches, ends: { lastSequence, lastBranch, activeBranch } };
}

/** The ids of the messages after which turns fork. */
export function forkPointIds(turns: readonly Turn[]): string[] {
  return turns.flatMap((turn) => turn.fork?.after_message_id ?? []);
}

function forkPointOf(
  { fork, messages }: Turn,
  places: ReadonlyMap<string, MessagePlace>,
): MessagePlace | undefined {
  if (!fork || messages.length === 0) return undefined;
  if (fork.after_message_id === null) return { branch: 0, sequence: 0 };
  return places.get(fork.after_message_id);
}
