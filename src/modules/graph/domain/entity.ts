import { derivedId } from '../../../shared/ids.js';
import { splitWords } from '../../../shared/words.js';

/** What an entity can be. `concept` is anything that has a name and is none of the others. */
export const entityTypes = ['person', 'organisation', 'place', 'product', 'event', 'concept'] as const;
export type EntityType = (typeof entityTypes)[number];

/** What makes an entity one and the same, for one owner: in all files, however it is written there. */
export interface EntityName {
  readonly type: EntityType;
  /** As `normaliseName` makes it. */
  readonly normalised: string;
}

/** In UTF-16 units. What is longer is a sentence rather than a name. */
export const MAX_NAME_LENGTH = 120;
/** A name as it is written may have more: blanks between its words. */
export const MAX_SURFACE_LENGTH = 200;
/** In UTF-16 units. */
export const MAX_LABEL_LENGTH = 64;

/** Control characters and those that have no width: they are not seen, and so part of no name. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;
const BLANKS = /\s+/gu;
const UNSPACED_SCRIPT = '[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}]';
/** A blank between two characters of a script that is written without blanks comes from a line's end. */
const BLANK_IN_RUN = new RegExp(`(?<=${UNSPACED_SCRIPT}) (?=${UNSPACED_SCRIPT})`, 'gu');
/** What stands around a name but is none of it. A plus or a hash may end one: C++, C#. */
const AROUND = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}+#]+$/gu;
const HAS_LETTER = /\p{L}/u;

/**
 * The form in which names are compared: upper and lower case, full and half width, the kind and the number of blanks
 * and the signs around it make no difference; legal forms (Ltd, GmbH, 有限公司) do.
 * @returns undefined if it is no name: it has no letter, or is too long.
 */
export function normaliseName(written: string): string | undefined {
  if (written.length > MAX_SURFACE_LENGTH) return undefined;
  const name = normaliseQuery(written);
  return name.length <= MAX_NAME_LENGTH && HAS_LETTER.test(name) ? name : undefined;
}

/** The beginning of a name, or of a word in it, in the form in which names are compared. Empty if nothing is left. */
export function normaliseQuery(written: string): string {
  const visible = written.toWellFormed().replaceAll(BLANKS, ' ').replaceAll(INVISIBLE, '');
  return splitWords(visible).text.replaceAll(BLANKS, ' ').replaceAll(BLANK_IN_RUN, '').replaceAll(AROUND, '');
}

/** The id of an owner's entity: the same for the same name, for ever, and in every process. */
export function entityIdOf(ownerId: string, { type, normalised }: EntityName): string {
  return derivedId(ownerId, `entity\n${type}\n${normalised}`);
}

/** The id of a relation between two entities; what they are is in their ids. */
export function relationIdOf(ownerId: string, fromId: string, label: string, toId: string): string {
  return derivedId(ownerId, `relation\n${fromId}\n${label}\n${toId}`);
}

/** How many places of a name it can be found from. */
const MAX_TAILS = 24;
export const MAX_TAIL_LENGTH = 60;

/**
 * The ends of a normalised name, from each of its words on, and in Chinese from each character on: an entity is found by
 * what one of them begins with. The first is the whole name.
 */
export function tailsOf(normalised: string): string[] {
  const starts = new Set([0]);
  for (const { kind, start, end } of splitWords(normalised).words) {
    starts.add(start);
    if (kind === 'word') continue;
    for (let at = start; at < end; at += normalised.codePointAt(at)! > 0xffff ? 2 : 1) starts.add(at);
  }
  const inOrder = [...starts].sort((a, b) => a - b).slice(0, MAX_TAILS);
  return inOrder.map((start) =>
    normalised
      .slice(start, start + MAX_TAIL_LENGTH)
      .toWellFormed()
      .trimEnd(),
  );
}
