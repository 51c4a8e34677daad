import { splitWords, type SplitText, type Word } from '../words.js';
import { termsToFind } from './terms.js';

/** A stretch of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

type QueryWord = Pick<Word, 'kind' | 'text'>;

/** What a text must have all of to be found. */
export interface SearchQuery {
  /** Each a word or run by itself, or the words of a quoted phrase, which must follow each other. */
  readonly phrases: readonly (readonly QueryWord[])[];
  /** The terms of all of them, each once. */
  readonly terms: readonly number[];
}

const QUOTED = /["“”„＂]([^"“”„＂]*)["“”„＂]/gu;

/** Reads what somebody typed. Anything can be typed: what is no letter or digit is passed over. */
export function parseQuery(typed: string): SearchQuery {
  const phrases: QueryWord[][] = [];
  const unquoted = typed.replaceAll(QUOTED, (_match, quoted: string) => {
    const { words } = splitWords(quoted);
    if (words.length > 0) phrases.push([...words]);
    return ' ';
  });
  for (const word of splitWords(unquoted).words) phrases.push([word]);
  return { phrases, terms: [...new Set(phrases.flat().flatMap(termsToFind))] };
}

/** All places in the text as it was written where the query is met; undefined if a part of it is not met. */
export function findHits(query: SearchQuery, text: SplitText): Span[] | undefined {
  const hits: Span[] = [];
  for (const phrase of query.phrases) {
    const found = findPhrase(phrase, text);
    if (found.length === 0) return undefined;
    hits.push(...found);
  }
  return hits.map((hit) => text.originOf(hit.start, hit.end)).sort((a, b) => a.start - b.start);
}

/** The places where any word of the query stands, or a pair of characters of its runs: what a likeness rests on. */
export function findLikenesses(query: SearchQuery, text: SplitText): Span[] {
  const wanted = new Set(query.terms);
  const spans = text.words.flatMap((word) => {
    if (word.kind === 'word') return termsToFind(word).some((term) => wanted.has(term)) ? [word] : [];
    return pairsOf(word).filter((pair) => termsToFind(pair).some((term) => wanted.has(term)));
  });
  return spans.map((span) => text.originOf(span.start, span.end));
}

function findPhrase(phrase: readonly QueryWord[], { words }: SplitText): Span[] {
  const [first] = phrase;
  if (!first) return [];
  if (phrase.length === 1) return words.flatMap((word) => placesIn(word, first));
  return words.flatMap((_word, index) => {
    const parts = phrase.map((wanted, offset) => {
      const word = words[index + offset];
      return word && placeInPhrase(word, wanted, offset === 0, offset === phrase.length - 1);
    });
    const [begin] = parts;
    const end = parts.at(-1);
    return begin && end && parts.every(Boolean) ? [{ start: begin.start, end: end.end }] : [];
  });
}

/** Where `wanted` stands in a word: all of a word, any part of a run. */
function placesIn(word: Word, wanted: QueryWord): Span[] {
  if (word.kind !== wanted.kind) return [];
  if (word.kind === 'word') return word.text === wanted.text ? [word] : [];
  const places: Span[] = [];
  for (let at = word.text.indexOf(wanted.text); at !== -1; at = word.text.indexOf(wanted.text, at + 1)) {
    places.push({ start: word.start + at, end: word.start + at + wanted.text.length });
  }
  return places;
}

/** In a phrase a run may begin before its first word and go on after its last. */
function placeInPhrase(word: Word, wanted: QueryWord, isFirst: boolean, isLast: boolean): Span | undefined {
  if (word.kind !== wanted.kind) return undefined;
  if (word.text === wanted.text) return word;
  if (word.kind === 'word') return undefined;
  const { length } = wanted.text;
  if (isFirst && word.text.endsWith(wanted.text)) return { start: word.end - length, end: word.end };
  if (isLast && word.text.startsWith(wanted.text)) return { start: word.start, end: word.start + length };
  return undefined;
}

/** The pairs of characters of a run, each in its place; the run itself if it is one character. */
function pairsOf(run: Word): Word[] {
  const characters = Array.from(run.text);
  if (characters.length === 1) return [run];
  let at = run.start;
  return characters.slice(1).map((second, index) => {
    const first = characters[index] ?? '';
    const start = at;
    at += first.length;
    return { kind: 'run', text: first + second, start, end: at + second.length };
  });
}
