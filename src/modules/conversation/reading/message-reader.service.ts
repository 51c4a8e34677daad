import { Injectable } from '@nestjs/common';
import { type ConversationTree, ConversationTreeReader } from '../branches/conversation-tree.service.js';
import { branchNotFound } from '../conversation.errors.js';
import { clip, type PagePlace, type PathPage, pathOf, ReadablePath, type Segment } from '../domain/path.js';
import { forksAt, groupSiblings, placesOfSiblings, type Sibling } from '../domain/siblings.js';
import type { Turn } from '../domain/turn.js';
import { TurnKeeper } from '../keeping/turn-keeper.service.js';
import { MessageRepository, type SavedMessage } from './message.repository.js';

export interface ReadableMessage extends SavedMessage {
  /** False while the message waits to be written to MySQL. */
  is_saved: boolean;
}

/** A message with those beside which it stands; empty if it has none. */
export interface MessageWithSiblings extends ReadableMessage {
  siblings: Sibling[];
}

export type { PagePlace } from '../domain/path.js';

/** A page of a branch's path. */
export interface BranchPage extends PathPage<MessageWithSiblings> {
  branch: number;
}

/** Reads messages, saved or not: what has finished is there at once, in the place it will have when saved. */
@Injectable()
export class MessageReader {
  constructor(
    private readonly trees: ConversationTreeReader,
    private readonly messages: MessageRepository,
    private readonly keeper: TurnKeeper,
  ) {}

  /** A page of at most `limit` messages of the active path. Who may read it has been checked before. */
  async readPage(
    conversationId: string,
    place: PagePlace,
    limit: number,
  ): Promise<PathPage<ReadableMessage>> {
    const tree = await this.trees.read(conversationId);
    return this.pageOf(tree, pathOf(tree.branches, tree.ends.activeBranch), place, limit);
  }

  /**
   * The latest messages of the active path, and the turn that runs: what is asked in it is not among the messages yet.
   * Who may read it has been checked before.
   */
  async readLatest(
    conversationId: string,
    limit: number,
  ): Promise<PathPage<ReadableMessage> & { runningTurn: Turn | undefined }> {
    // Before the page: a turn that ends in between is seen twice and dropped once, never missed.
    const running = await this.keeper.findRunning(conversationId);
    const page = await this.readPage(conversationId, { kind: 'latest' }, limit);
    const hasEnded = page.messages.some((message) => message.turn_id === running?.id);
    return { ...page, runningTurn: hasEnded ? undefined : running };
  }

  /** Those of these messages that the conversation has, saved or not, also in a turn that still runs. */
  async findMessageIds(conversationId: string, ids: readonly string[]): Promise<Set<string>> {
    const running = await this.keeper.findRunning(conversationId);
    const { turns } = await this.keeper.finishedTurns(conversationId);
    const saved = await this.messages.findIds(conversationId, ids);
    const open = new Set(
      [...turns, ...(running ? [running] : [])].flatMap((turn) => turn.messages.map(({ id }) => id)),
    );
    return new Set(ids.filter((id) => open.has(id) || saved.has(id)));
  }

  /** A page of all messages of a conversation, whatever their branch, in the order of their numbers. */
  async readAll(
    conversationId: string,
    afterSequence: number,
    limit: number,
  ): Promise<{ messages: ReadableMessage[]; hasLater: boolean }> {
    const tree = await this.trees.read(conversationId);
    const saved = await this.messages.readAll(conversationId, afterSequence, tree.lastSaved, limit + 1);
    const waiting = tree.waiting.filter((message) => message.sequence > afterSequence);
    const messages = [
      ...saved.map((message) => ({ ...message, is_saved: true })),
      ...waiting.map((message) => ({ ...message, is_saved: false })),
    ];
    return { messages: messages.slice(0, limit), hasLater: messages.length > limit };
  }

  /** A page of the path that ends in `branch`, or without it in the active one. @throws branch_not_found */
  async readBranchPage(
    conversationId: string,
    place: PagePlace,
    limit: number,
    branch?: number,
  ): Promise<BranchPage> {
    const tree = await this.trees.read(conversationId);
    const tip = branch ?? tree.ends.activeBranch;
    if (tip !== 0 && !tree.branches.has(tip)) throw branchNotFound({ param: 'branch' });
    const path = pathOf(tree.branches, tip);
    const page = await this.pageOf(tree, path, place, limit);
    const siblings = await this.siblingsOf(tree, path, page.messages);
    const messages = page.messages.map((message) => ({
      ...message,
      siblings: siblings.get(message.id) ?? [],
    }));
    return { ...page, messages, branch: tip };
  }

  /**
   * The last messages of the path that ends with this message, oldest first, itself the last; none if it is not in
   * this conversation.
   */
  async readPathTo(tree: ConversationTree, messageId: string, limit: number): Promise<ReadableMessage[]> {
    const end = await this.trees.findPlace(tree, messageId);
    if (!end) return [];
    const path = clip(pathOf(tree.branches, end.branch), 0, end.sequence);
    return (await this.pageOf(tree, path, { kind: 'latest' }, limit)).messages;
  }

  private pageOf(
    tree: ConversationTree,
    path: readonly Segment[],
    place: PagePlace,
    limit: number,
  ): Promise<PathPage<ReadableMessage>> {
    const waiting = tree.waiting.map((message) => ({ ...message, is_saved: false }));
    const readable = new ReadablePath(path, tree.lastSaved, waiting, async (segments, count, from) => {
      const saved = await this.messages.readSegments(tree.conversationId, segments, count, from);
      return saved.map((message) => ({ ...message, is_saved: true }));
    });
    return readable.page(place, limit);
  }

  private async siblingsOf(
    tree: ConversationTree,
    path: readonly Segment[],
    page: readonly ReadableMessage[],
  ): Promise<Map<string, Sibling[]>> {
    const forks = forksAt(tree.branches, path, page);
    const saved = await this.messages.findNext(tree.conversationId, placesOfSiblings(forks), tree.lastSaved);
    return groupSiblings(forks, [...saved, ...tree.waiting]);
  }
}
