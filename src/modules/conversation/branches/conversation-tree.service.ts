import { Injectable } from '@nestjs/common';
import { BranchRepository } from './branch.repository.js';
import type { Branch, MessagePlace } from '../domain/path.js';
import { forkPointIds, placeTurns, type TreeEnds } from '../domain/placement.js';
import type { TurnMessage } from '../domain/turn.js';
import { MessageRepository } from '../reading/message.repository.js';
import { TurnKeeper } from '../keeping/turn-keeper.service.js';

/** A message that waits to be saved, in the place that it will have. */
export interface WaitingMessage extends TurnMessage, MessagePlace {
  turn_id: string;
}

/** The tree of a conversation at one moment, with the turns that wait to be saved. */
export interface ConversationTree {
  conversationId: string;
  /** The number of the last message that is saved. */
  lastSaved: number;
  /** With what waits to be saved. */
  ends: TreeEnds;
  /** Without branch 0. */
  branches: ReadonlyMap<number, Branch & { created_at: string }>;
  /** In the order of their numbers. */
  waiting: readonly WaitingMessage[];
  /** False if Redis was away: turns may wait there that are not seen. */
  isWhole: boolean;
}

/** Reads how a conversation branches, saved or not. Who may read it has been checked before. */
@Injectable()
export class ConversationTreeReader {
  constructor(
    private readonly branches: BranchRepository,
    private readonly messages: MessageRepository,
    private readonly keeper: TurnKeeper,
  ) {}

  async read(conversationId: string): Promise<ConversationTree> {
    // Redis before MySQL: a turn that is saved in between is seen twice and dropped once, never missed.
    const { turns: finished, isAll } = await this.keeper.finishedTurns(conversationId);
    const { ends, savedIds } = await this.branches.savedState(
      conversationId,
      finished.map((turn) => turn.id),
    );
    const turns = finished.filter((turn) => !savedIds.has(turn.id));
    // What is saved up to these ends never changes, so later statements may read it.
    const saved = await this.branches.listBranches(conversationId, ends.lastBranch);
    const points = await this.messages.findPlaces(conversationId, forkPointIds(turns), ends.lastSequence);
    const placement = placeTurns(ends, turns, points);
    const branches = [
      ...saved.map((branch) => ({ ...branch, created_at: branch.created_at.toISOString() })),
      ...placement.branches,
    ];
    return {
      conversationId,
      isWhole: isAll,
      lastSaved: ends.lastSequence,
      ends: placement.ends,
      branches: new Map(branches.map((branch) => [branch.branch, branch])),
      waiting: placement.turns.flatMap(({ turn, branch, sequence }) =>
        turn.messages.map((message, index) => ({
          ...message,
          turn_id: turn.id,
          branch,
          sequence: sequence + index,
        })),
      ),
    };
  }

  /** Where a message is; undefined if it is not in this conversation. */
  async findPlace(tree: ConversationTree, messageId: string): Promise<MessagePlace | undefined> {
    const waiting = tree.waiting.find(({ id }) => id === messageId);
    if (waiting) return waiting;
    const places = await this.messages.findPlaces(tree.conversationId, [messageId], tree.lastSaved);
    return places.get(messageId);
  }
}
