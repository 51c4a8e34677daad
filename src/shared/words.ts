/**
 * Splits text of any language into what people search for: words of letters and digits, and, in scripts that are
 * written without spaces, runs of characters. Texts that read the same are split the same: compatibility forms
 * (full width, ligatures) are resolved (Unicode NFKC) and case is folded.
 */

export interface Word {
  /** A `run` is of a script without spaces, such as Chinese: a word may begin anywhere in it. */
  readonly kind: 'word' | 'run';
  /** As it is compared, not as it was written. */
  readonly text: string;
  /** Where it stands in `SplitText.text`. */
  readonly start: number;
  readonly end: number;
}

/** The scripts whose words are not set apart. Korean is, but its words change their ends. */
const UNSPACED =
  '[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Bopomofo}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]';
const FIRST = '[\\p{L}\\p{N}]';
/** Marks belong to the letter before them; by themselves, as behind an emoji, they are no word. */
const NEXT = '[\\p{L}\\p{N}\\p{M}]';
const WORDS = new RegExp(
  `(?<run>[${FIRST}&&${UNSPACED}][${NEXT}&&${UNSPACED}]*)|(?<word>[${FIRST}--${UNSPACED}][${NEXT}--${UNSPACED}]*)`,
  'gv',
);

/** A character with what is written over, under or behind it: the least that normalises on its own. */
const CLUSTERS = /.[\p{M}\u1160-\u11FF\uFF9E\uFF9F]*/gsu;

/** A text in the form in which it is compared, its words, and the way back to the text as it was written. */
export class SplitText {
  readonly words: readonly Word[];

  constructor(
    /** As it is compared. */
    readonly text: string,
    /** For each code unit of `text` where its origin begins and ends; undefined if all stand where they stood. */
    private readonly origins: { readonly starts: Uint32Array; readonly ends: Uint32Array } | undefined,
  ) {
    this.words = Array.from(text.matchAll(WORDS), (match): Word => ({
      kind: match.groups?.['run'] === undefined ? 'word' : 'run',
      text: match[0],
      start: match.index,
      end: match.index + match[0].length,
    }));
  }

  /** Where a stretch of `text` stands in the text as it was written. */
  originOf(start: number, end: number): { start: number; end: number } {
    if (!this.origins) return { start, end };
    return { start: this.origins.starts[start] ?? 0, end: this.origins.ends[end - 1] ?? 0 };
  }
}

/** Splits a text into its words and runs, in their order. */
export function splitWords(written: string): SplitText {
  const folded = fold(written);
  // Lower-casing keeps the length of all letters but one, which it makes longer.
  const isInPlace = folded.length === written.length && written.normalize('NFKC') === written;
  return isInPlace ? new SplitText(folded, undefined) : splitByClusters(written);
}

function splitByClusters(written: string): SplitText {
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { 0: cluster, index } of written.matchAll(CLUSTERS)) {
    const folded = fold(cluster);
    text += folded;
    for (let unit = 0; unit < folded.length; unit++) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return new SplitText(text, { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) });
}

/** The small sigma has a second form at the end of words, which a letter on its own cannot know of. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ');
}

/** The two characters at each place of a run, as people count characters; none if it has only one. */
export function bigramsOf(run: string): string[] {
  const characters = Array.from(run);
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}
