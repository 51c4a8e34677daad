import { hash32 } from '../hash.js';
import { bigramsOf, splitWords, type Word } from '../words.js';

/** How many terms one message can be found by, at most: those that come first. */
export const MAX_TERMS = 2_000;
/** How much of a message can be found, in bytes of UTF-8. */
const MAX_TEXT_BYTES = 65_536;

const encoder = new TextEncoder();

/** The beginning of a text that is indexed and searched. Never ends inside a character. */
export function searchableText(text: string): string {
  if (text.length * 3 <= MAX_TEXT_BYTES) return text;
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(MAX_TEXT_BYTES)).read);
}

/**
 * The terms of a text for the index, and how often it has each: each word; of each run its characters and its pairs of
 * characters, so that a query of one character is found like any other.
 */
export function termCountsOf(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of splitWords(searchableText(text)).words) {
    for (const part of partsOf(word)) {
      const term = hash32(part);
      const count = counts.get(term);
      if (count === undefined && counts.size === MAX_TERMS) return counts;
      counts.set(term, (count ?? 0) + 1);
    }
  }
  return counts;
}

/** The terms of a text for the index, each once. */
export function termsOf(text: string): number[] {
  return [...termCountsOf(text).keys()];
}

/** The terms that every text with this word in it has: of a run the pairs, which are rarer than its characters. */
export function termsToFind(word: Pick<Word, 'kind' | 'text'>): number[] {
  if (word.kind === 'word') return [hash32(word.text)];
  const bigrams = bigramsOf(word.text);
  return (bigrams.length === 0 ? [word.text] : bigrams).map(hash32);
}

function partsOf({ kind, text }: Word): string[] {
  return kind === 'word' ? [text] : [...bigramsOf(text), ...Array.from(text)];
}
