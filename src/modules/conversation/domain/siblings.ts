import { type Branch, isOnPath, type MessagePlace, type Segment } from './path.js';

/** One of several messages that follow the same message. */
export interface Sibling {
  branch: number;
  message_id: string;
}

/** A message and where it is. */
export interface PlacedMessage extends MessagePlace {
  id: string;
}

/** The places right after which the siblings of these forks are: in the parents, and in the branches themselves. */
export function placesOfSiblings(forks: readonly Branch[]): MessagePlace[] {
  const places = forks.flatMap(({ branch, parent_branch, fork_sequence: sequence }) => [
    { branch: parent_branch, sequence },
    { branch, sequence },
  ]);
  return [...new Map(places.map((place) => [`${place.branch}:${place.sequence}`, place])).values()];
}

/** The branches that fork from this path right before a message of this page. */
export function forksAt(
  branches: ReadonlyMap<number, Branch>,
  path: readonly Segment[],
  page: readonly MessagePlace[],
): Branch[] {
  const [first] = page;
  const last = page.at(-1);
  if (!first || !last) return [];
  const forks = [...branches.values()].filter(
    ({ parent_branch: branch, fork_sequence: sequence }) =>
      sequence < last.sequence && (sequence === 0 || isOnPath(path, { branch, sequence })),
  );
  // The last of those before the page may be right before it, the others are not.
  const before = Math.max(
    ...forks.map(({ fork_sequence }) => fork_sequence).filter((sequence) => sequence < first.sequence),
  );
  return forks.filter(({ fork_sequence }) => fork_sequence >= before);
}

/**
 * The siblings of each message that has any, itself included, in the order in which they were made.
 * @param candidates the messages at `placesOfSiblings`, and all messages that wait.
 */
export function groupSiblings(
  forks: readonly Branch[],
  candidates: readonly PlacedMessage[],
): Map<string, Sibling[]> {
  const inOrder = [...new Map(candidates.map((candidate) => [candidate.id, candidate])).values()].toSorted(
    (a, b) => a.sequence - b.sequence,
  );
  const firstIn = new Map<number, PlacedMessage>();
  for (const candidate of inOrder) {
    if (!firstIn.has(candidate.branch)) firstIn.set(candidate.branch, candidate);
  }
  const groups = Map.groupBy(forks, (fork) => `${fork.parent_branch}:${fork.fork_sequence}`);
  const siblings = new Map<string, Sibling[]>();
  for (const group of groups.values()) {
    const [{ parent_branch, fork_sequence }] = group as [Branch];
    const next = inOrder.find(({ branch, sequence }) => branch === parent_branch && sequence > fork_sequence);
    const members = [next, ...group.map(({ branch }) => firstIn.get(branch))]
      .filter((member) => member !== undefined)
      .toSorted((a, b) => a.sequence - b.sequence);
    if (members.length < 2) continue;
    const list = members.map(({ id, branch }) => ({ branch, message_id: id }));
    for (const { message_id } of list) siblings.set(message_id, list);
  }
  return siblings;
}
