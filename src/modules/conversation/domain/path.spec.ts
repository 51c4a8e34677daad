import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Branch, branchesThrough, type PagePlace, pathOf, ReadablePath, type Segment } from './path.js';
import { forkPointIds, placeTurns, type TreeEnds } from './placement.js';
import { forksAt, groupSiblings, type PlacedMessage, placesOfSiblings } from './siblings.js';
import type { Turn } from './turn.js';

/** What happens to a conversation. Numbers choose from what is there, modulo its size. */
type Step =
  | { kind: 'append'; messages: number }
  | { kind: 'fork'; after: number | null; messages: number }
  | { kind: 'forkUnknown' }
  | { kind: 'save' }
  | { kind: 'switch'; branch: number };

/** The simple way to keep a tree: each message knows the one before it. */
class ParentPointers {
  readonly parents = new Map<string, string | null>();
  readonly tips = new Map<number, string | null>([[0, null]]);
  active = 0;

  fork(after: string | null): void {
    this.active = this.tips.size;
    this.tips.set(this.active, after);
  }

  add(id: string): void {
    this.parents.set(id, this.tips.get(this.active) ?? null);
    this.tips.set(this.active, id);
  }

  path(branch: number): string[] {
    const path: string[] = [];
    for (let id = this.tips.get(branch) ?? null; id !== null; id = this.parents.get(id) ?? null)
      path.unshift(id);
    return path;
  }

  siblings(id: string): string[] {
    const parent = this.parents.get(id);
    const all = [...this.parents].filter(([, other]) => other === parent).map(([other]) => other);
    return all.length > 1 ? all : [];
  }
}

/** The product's functions over arrays in place of MySQL and Redis. */
class BranchedConversation {
  saved: PlacedMessage[] = [];
  private branches = new Map<number, Branch>();
  private ends: TreeEnds = { lastSequence: 0, lastBranch: 0, activeBranch: 0 };
  private queue: Turn[] = [];

  say(ids: readonly string[], fork: Turn['fork'] = null): void {
    const turn = { fork, messages: ids.map((id) => ({ id })), started_at: '' };
    this.queue.push(turn as unknown as Turn);
  }

  save(): void {
    const { waiting, branches, ends } = this.tree();
    this.saved = [...this.saved, ...waiting];
    this.branches = branches;
    this.ends = ends;
    this.queue = [];
  }

  switchTo(branch: number): void {
    this.save();
    this.ends = { ...this.ends, activeBranch: branch };
  }

  tree() {
    const wanted = new Set(forkPointIds(this.queue));
    const points = new Map(this.saved.filter(({ id }) => wanted.has(id)).map((place) => [place.id, place]));
    const placement = placeTurns(this.ends, this.queue, points);
    const waiting = placement.turns.flatMap(({ turn, branch, sequence }) =>
      turn.messages.map(({ id }, index): PlacedMessage => ({ id, branch, sequence: sequence + index })),
    );
    const branches = new Map(this.branches);
    for (const branch of placement.branches) branches.set(branch.branch, branch);
    return { waiting, branches, ends: placement.ends, lastSaved: this.ends.lastSequence };
  }

  async page(branch: number, place: PagePlace, limit: number) {
    const { waiting, branches, lastSaved } = this.tree();
    const path = pathOf(branches, branch);
    const page = await new ReadablePath(path, lastSaved, waiting, this.read).page(place, limit);
    const forks = forksAt(branches, path, page.messages);
    const next = placesOfSiblings(forks).flatMap(
      (at) => this.saved.find((m) => m.branch === at.branch && m.sequence > at.sequence) ?? [],
    );
    return { ...page, siblings: groupSiblings(forks, [...next, ...waiting]) };
  }

  private readonly read = (segments: readonly Segment[], limit: number, from: 'start' | 'end') => {
    const found = this.saved.filter(({ branch, sequence }) =>
      segments.some((part) => part.branch === branch && sequence > part.after && sequence <= part.upTo),
    );
    return Promise.resolve(from === 'start' ? found.slice(0, limit) : found.slice(-limit));
  };
}

function build(steps: readonly Step[]) {
  const model = new ParentPointers();
  const conversation = new BranchedConversation();
  let count = 0;
  const newIds = (messages: number) => Array.from({ length: messages }, () => `m${count++}`);
  for (const step of steps) {
    if (step.kind === 'save') conversation.save();
    else if (step.kind === 'switch') {
      model.active = step.branch % model.tips.size;
      conversation.switchTo(model.active);
    } else {
      const ids = newIds(step.kind === 'forkUnknown' ? 1 : step.messages);
      let fork: Turn['fork'] = null;
      if (step.kind === 'forkUnknown') fork = { after_message_id: 'erased' };
      if (step.kind === 'fork') {
        const known = [...model.parents.keys()];
        const after = step.after === null ? null : (known[step.after % known.length] ?? null);
        fork = { after_message_id: after };
        if (ids.length > 0) model.fork(after);
      }
      conversation.say(ids, fork);
      for (const id of ids) model.add(id);
    }
  }
  return { model, conversation };
}

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), messages: fc.nat(3) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('fork' as const),
        after: fc.option(fc.nat(), { freq: 5 }),
        messages: fc.nat(3),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forkUnknown' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('save' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('switch' as const), branch: fc.nat() }) },
  ),
  { maxLength: 40 },
);

/** All of a path, read page by page. */
async function readAll(
  conversation: BranchedConversation,
  branch: number,
  limit: number,
  direction: 'earlier' | 'later',
): Promise<string[]> {
  const read: string[] = [];
  let place: PagePlace = direction === 'earlier' ? { kind: 'latest' } : { kind: 'after', sequence: 0 };
  for (;;) {
    const page = await conversation.page(branch, place, limit);
    const ids = page.messages.map(({ id }) => id);
    read.splice(direction === 'earlier' ? 0 : read.length, 0, ...ids);
    const edge = direction === 'earlier' ? page.messages[0] : page.messages.at(-1);
    const hasBack = direction === 'earlier' ? page.hasLater : page.hasEarlier;
    expect(hasBack).toBe(read.length > ids.length);
    if (!(direction === 'earlier' ? page.hasEarlier : page.hasLater) || !edge) return read;
    place = { kind: direction === 'earlier' ? 'before' : 'after', sequence: edge.sequence };
  }
}

describe('a conversation that branches', () => {
  it('is read page by page, in both directions, as a tree with parent pointers is', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (history, limit) => {
        const { model, conversation } = build(history);
        const { branches, ends } = conversation.tree();
        expect([0, ...branches.keys()]).toEqual([...model.tips.keys()]);
        expect(ends.activeBranch).toBe(model.active);
        for (const branch of model.tips.keys()) {
          const path = model.path(branch);
          expect(await readAll(conversation, branch, limit, 'earlier')).toEqual(path);
          expect(await readAll(conversation, branch, limit, 'later')).toEqual(path);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is read over many short branches, none of which is passed over', async () => {
    const history = Array.from({ length: 60 }, (_, n): Step[] => [
      { kind: 'fork', after: n === 0 ? null : n - 1, messages: 1 },
      ...(n === 50 ? [{ kind: 'save' } as const] : []),
    ]).flat();
    const { model, conversation } = build(history);
    const path = model.path(60);
    expect(path).toHaveLength(60);
    for (const limit of [1, 25, 60]) {
      expect(await readAll(conversation, 60, limit, 'earlier')).toEqual(path);
      expect(await readAll(conversation, 60, limit, 'later')).toEqual(path);
    }
  });

  it('shows beside each message those that follow the same one, on whichever page it is', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), fc.nat(40), async (history, limit, after) => {
        const { model, conversation } = build(history);
        for (const branch of model.tips.keys()) {
          for (const place of [{ kind: 'latest' }, { kind: 'after', sequence: after }] as const) {
            const { messages, siblings } = await conversation.page(branch, place, limit);
            for (const { id } of messages) {
              expect((siblings.get(id) ?? []).map(({ message_id }) => message_id)).toEqual(
                model.siblings(id),
              );
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows the branches through a message', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const { model, conversation } = build(history);
        conversation.save();
        const { branches } = conversation.tree();
        for (const place of conversation.saved) {
          const through = [...model.tips.keys()].filter((branch) => model.path(branch).includes(place.id));
          expect(branchesThrough(branches, place).toSorted((a, b) => a - b)).toEqual(through);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives messages the same places whether its turns are saved together or one by one', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const together = build(history).conversation;
        const oneByOne = build(history.flatMap((step) => [step, { kind: 'save' as const }])).conversation;
        together.save();
        expect(together.saved).toEqual(oneByOne.saved);
      }),
    );
  });
});
