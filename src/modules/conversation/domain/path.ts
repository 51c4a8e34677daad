/**
 * Conversations are trees, kept as branches. A branch has the messages that were said in it, and shares with its
 * parent those of the parent's path up to its fork. A message is saved after those before it, so along a path the
 * sequence numbers rise, and a path is a few stretches of branches, one after the other.
 */

/** How many branches a conversation may have, the first included. */
export const MAX_BRANCHES = 1_000;

/** Where a message is. */
export interface MessagePlace {
  branch: number;
  sequence: number;
}

/** A branch other than branch 0, which has no parent. */
export interface Branch {
  branch: number;
  parent_branch: number;
  /** The number of the last message that is shared with the parent; 0 if none is. */
  fork_sequence: number;
}

/** The part of a path that lies in one branch: its messages with numbers above `after`, up to and with `upTo`. */
export interface Segment {
  branch: number;
  after: number;
  upTo: number;
}

/** The path that ends in branch `tip`, from its first message on. */
export function pathOf(branches: ReadonlyMap<number, Branch>, tip: number): Segment[] {
  const segments: Segment[] = [];
  let branch = tip;
  let upTo = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const fork = branches.get(branch);
    segments.unshift({ branch, after: fork?.fork_sequence ?? 0, upTo });
    if (!fork || fork.fork_sequence === 0) return segments;
    // A parent has a lower number than its child, so this ends.
    branch = fork.parent_branch;
    upTo = fork.fork_sequence;
  }
}

/** The part of a path with numbers above `after`, up to and with `upTo`. */
export function clip(path: readonly Segment[], after: number, upTo: number): Segment[] {
  return path
    .map((segment) => ({
      ...segment,
      after: Math.max(segment.after, after),
      upTo: Math.min(segment.upTo, upTo),
    }))
    .filter((segment) => segment.after < segment.upTo);
}

/** True if the path goes through this place. */
export function isOnPath(path: readonly Segment[], { branch, sequence }: MessagePlace): boolean {
  return path.some(
    (segment) => segment.branch === branch && sequence > segment.after && sequence <= segment.upTo,
  );
}

/** The branches whose paths go through this place: its own, and those that fork from them after it. */
export function branchesThrough(branches: ReadonlyMap<number, Branch>, place: MessagePlace): number[] {
  const found = new Set([place.branch]);
  const inOrder = [...branches.values()].toSorted((a, b) => a.branch - b.branch);
  for (const { branch, parent_branch, fork_sequence } of inOrder) {
    if (found.has(parent_branch) && fork_sequence >= place.sequence) found.add(branch);
  }
  return [...found];
}

/** A page of a path, in its order, and whether there is more on either side. */
export interface PathPage<M> {
  messages: M[];
  hasEarlier: boolean;
  hasLater: boolean;
}

/** Where a page lies: the latest messages, those before a sequence number, or those after one. */
export type PagePlace =
  | { kind: 'latest' }
  | { kind: 'before'; sequence: number }
  | { kind: 'after'; sequence: number };

/** Reads the `limit` messages of these segments that are nearest to one end, in the order of their numbers. */
export type ReadSegments<M> = (
  segments: readonly Segment[],
  limit: number,
  from: 'start' | 'end',
) => Promise<M[]>;

/** A path whose last messages may wait to be saved, while the others are read from where they are kept. */
export class ReadablePath<M extends MessagePlace> {
  private readonly waiting: readonly M[];

  constructor(
    private readonly path: readonly Segment[],
    /** The number of the last message that is saved, on whichever path. */
    private readonly lastSaved: number,
    waiting: readonly M[],
    private readonly readSaved: ReadSegments<M>,
  ) {
    this.waiting = waiting.filter((message) => isOnPath(path, message));
  }

  /** A page of at most `limit` messages. It costs the same however long the conversation is. */
  async page(place: PagePlace, limit: number): Promise<PathPage<M>> {
    if (place.kind === 'after') {
      const found = await this.read(place.sequence, Number.MAX_SAFE_INTEGER, limit + 1, 'start');
      const before = await this.read(0, place.sequence, 1, 'end');
      return {
        messages: found.slice(0, limit),
        hasEarlier: before.length > 0,
        hasLater: found.length > limit,
      };
    }
    const upTo = place.kind === 'before' ? place.sequence - 1 : Number.MAX_SAFE_INTEGER;
    const found = await this.read(0, upTo, limit + 1, 'end');
    const after = await this.read(upTo, Number.MAX_SAFE_INTEGER, 1, 'start');
    return { messages: found.slice(-limit), hasEarlier: found.length > limit, hasLater: after.length > 0 };
  }

  private async read(after: number, upTo: number, limit: number, from: 'start' | 'end'): Promise<M[]> {
    const segments = clip(this.path, after, Math.min(upTo, this.lastSaved));
    const waiting = this.waiting.filter(({ sequence }) => sequence > after && sequence <= upTo);
    if (from === 'start') {
      const saved = await this.readAlong(segments, limit, from);
      return [...saved, ...waiting.slice(0, limit - saved.length)];
    }
    const last = waiting.slice(-limit);
    return [...(await this.readAlong(segments, limit - last.length, from)), ...last];
  }

  /** A path can have a thousand short segments, and mostly the first ones are enough. */
  private async readAlong(segments: readonly Segment[], limit: number, from: 'start' | 'end'): Promise<M[]> {
    let left = from === 'start' ? [...segments] : segments.toReversed();
    let found: M[] = [];
    for (let count = 4; left.length > 0 && found.length < limit; count *= 4) {
      const read = await this.readSaved(left.slice(0, count), limit - found.length, from);
      found = from === 'start' ? [...found, ...read] : [...read, ...found];
      left = left.slice(count);
    }
    return found;
  }
}
