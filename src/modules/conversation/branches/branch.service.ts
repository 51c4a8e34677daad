import { Injectable } from '@nestjs/common';
import { type AppError, serviceUnavailable } from '../../../platform/errors/index.js';
import { newId } from '../../../shared/ids.js';
import { BranchRepository } from './branch.repository.js';
import { type ConversationTree, ConversationTreeReader } from './conversation-tree.service.js';
import { branchNotFound, messageNotFound, tooManyBranches, turnInProgress } from '../conversation.errors.js';
import { branchesThrough, MAX_BRANCHES } from '../domain/path.js';
import { MessageReader, type ReadableMessage } from '../reading/message-reader.service.js';
import { MessageRepository } from '../reading/message.repository.js';
import { TurnKeeper } from '../keeping/turn-keeper.service.js';

const BUSY_RETRY_SECONDS = 1;

/** A branch as its owner sees it. */
export interface BranchState {
  branch: number;
  /** Null for branch 0. */
  parent_branch: number | null;
  /** The last message that it shares with its parent; null if it shares none. */
  fork_message_id: string | null;
  fork_sequence: number;
  /** The last message that was said in it; null while there is none. */
  tip_message_id: string | null;
  tip_sequence: number;
  /** Null for branch 0: as old as its conversation. */
  created_at: string | null;
  is_active: boolean;
}

/** Lists and switches the branches of conversations. Who may do so has been checked before. */
@Injectable()
export class BranchService {
  constructor(
    private readonly trees: ConversationTreeReader,
    private readonly reader: MessageReader,
    private readonly branches: BranchRepository,
    private readonly messages: MessageRepository,
    private readonly turns: TurnKeeper,
  ) {}

  /** At most `limit` branches with numbers from `from` on, in the order in which they were made. */
  async listBranches(conversationId: string, from: number, limit: number): Promise<BranchState[]> {
    const tree = await this.trees.read(conversationId);
    const numbers = [0, ...tree.branches.keys()].filter((branch) => branch >= from);
    return this.statesOf(tree, numbers.slice(0, limit));
  }

  /**
   * Makes a branch the active one: the branch itself, or of those through a message the one in which something was
   * said last. A turn goes to the branch that is active when it is saved, so none may be on its way.
   * @throws branch_not_found, message_not_found, turn_in_progress; service_unavailable while Redis is away, since
   *   turns may wait there.
   */
  async activateBranch(
    ownerId: string,
    conversationId: string,
    target: { branch: number } | { messageId: string },
  ): Promise<BranchState> {
    // In the place of a turn, so that none is accepted meanwhile.
    const place = { conversationId, turnId: newId() };
    if ((await this.turns.enter(place, ownerId, 1)) !== 'go') throw busy();
    try {
      return await this.switchTo(conversationId, target);
    } finally {
      await this.turns.withdraw(place);
    }
  }

  /**
   * The path that a fork can start from: the last messages up to one, itself the last.
   * @throws message_not_found, too_many_branches; service_unavailable if it may wait in Redis, which is away.
   */
  async readForkPath(conversationId: string, messageId: string, limit: number): Promise<ReadableMessage[]> {
    const tree = await this.trees.read(conversationId);
    const path = await this.reader.readPathTo(tree, messageId, limit);
    if (path.length === 0) throw tree.isWhole ? messageNotFound() : unknown();
    if (tree.branches.size + 1 >= MAX_BRANCHES) {
      throw tooManyBranches({ detail: `A conversation has at most ${MAX_BRANCHES} branches.` });
    }
    return path;
  }

  private async switchTo(
    conversationId: string,
    target: { branch: number } | { messageId: string },
  ): Promise<BranchState> {
    const running = await this.turns.findRunning(conversationId);
    const tree = await this.trees.read(conversationId);
    if (running || tree.waiting.length > 0) throw busy();
    if (!tree.isWhole) throw unknown();
    const branch = 'branch' in target ? target.branch : await this.newestThrough(tree, target.messageId);
    if (branch !== 0 && !tree.branches.has(branch)) throw branchNotFound({ param: 'branch' });
    await this.branches.activate(conversationId, branch);
    const [state] = await this.statesOf({ ...tree, ends: { ...tree.ends, activeBranch: branch } }, [branch]);
    if (!state) throw branchNotFound({ param: 'branch' });
    return state;
  }

  private async newestThrough(tree: ConversationTree, messageId: string): Promise<number> {
    const place = await this.trees.findPlace(tree, messageId);
    if (!place) throw messageNotFound({ param: 'message_id' });
    const tips = await this.tipsOf(tree, branchesThrough(tree.branches, place));
    return [...tips].toSorted(([, a], [, b]) => b.sequence - a.sequence)[0]?.[0] ?? place.branch;
  }

  private async statesOf(tree: ConversationTree, numbers: readonly number[]): Promise<BranchState[]> {
    const tips = await this.tipsOf(tree, numbers);
    const forks = numbers.map((branch) => tree.branches.get(branch)?.fork_sequence ?? 0);
    const saved = await this.messages.findBySequence(tree.conversationId, [...new Set(forks)]);
    const ids = new Map([...saved, ...tree.waiting].map(({ sequence, id }) => [sequence, id]));
    return numbers.map((branch, index) => ({
      branch,
      parent_branch: tree.branches.get(branch)?.parent_branch ?? null,
      fork_message_id: ids.get(forks[index] ?? 0) ?? null,
      fork_sequence: forks[index] ?? 0,
      tip_message_id: tips.get(branch)?.id ?? null,
      tip_sequence: tips.get(branch)?.sequence ?? 0,
      created_at: tree.branches.get(branch)?.created_at ?? null,
      is_active: branch === tree.ends.activeBranch,
    }));
  }

  private async tipsOf(
    tree: ConversationTree,
    numbers: readonly number[],
  ): Promise<Map<number, { id: string; sequence: number }>> {
    const saved = await this.messages.findLast(tree.conversationId, numbers, tree.lastSaved);
    const wanted = new Set(numbers);
    const waiting = tree.waiting.filter(({ branch }) => wanted.has(branch));
    return new Map([...saved, ...waiting].map(({ branch, id, sequence }) => [branch, { id, sequence }]));
  }
}

function busy(): AppError {
  return turnInProgress({
    detail: 'A turn of this conversation is running, or waits to be saved.',
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  });
}

function unknown(): AppError {
  return serviceUnavailable({
    detail: 'Redis is away, and turns of this conversation may wait there.',
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  });
}
