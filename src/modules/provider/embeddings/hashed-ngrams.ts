import { hash32 } from '../../../shared/hash.js';
import { bigramsOf, splitWords, type Word } from '../../../shared/words.js';

/** The name of the vectors that `embedHashedNgrams` makes. A change of how it makes them needs another name. */
export const HASHED_NGRAMS = 'hashed-ngrams-256';
export const DIMENSIONS = 256;

/** How much a kind of feature counts. Whole words say most; their parts find other forms of a word. */
const WEIGHTS = { word: 1, pair: 0.6, part: 0.5 } as const;
const PART_LENGTH = 3;
/** Longer ones are no words of a language; their parts would outweigh all else. */
const MAX_WORD_WITH_PARTS = 40;

type Kind = keyof typeof WEIGHTS;

/**
 * Turns a text into a vector by signed feature hashing of its words, its pairs of words and the parts of its words; in
 * scripts without spaces, of its pairs of characters and its characters. Texts that share wording have similar
 * vectors; that two words mean the same it does not know. The same text has the same vector everywhere.
 * @returns a vector of length 1, or of zeros if the text has no word.
 */
export function embedHashedNgrams(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [kind, counts] of countFeatures(splitWords(text).words)) {
    for (const [hash, count] of counts) {
      const sign = hash >>> 31 === 0 ? 1 : -1;
      const place = hash % DIMENSIONS;
      vector[place] = (vector[place] ?? 0) + sign * WEIGHTS[kind] * (1 + Math.log(count));
    }
  }
  return normalise(vector);
}

function countFeatures(words: readonly Word[]): Map<Kind, Map<number, number>> {
  const counts: Record<Kind, Map<number, number>> = { word: new Map(), pair: new Map(), part: new Map() };
  const add = (kind: Kind, feature: string) => {
    const hash = hash32(`${kind} ${feature}`);
    counts[kind].set(hash, (counts[kind].get(hash) ?? 0) + 1);
  };
  words.forEach((word, index) => {
    if (word.kind === 'run') {
      for (const bigram of bigramsOf(word.text)) add('word', bigram);
      for (const character of word.text) add('part', character);
      return;
    }
    add('word', word.text);
    for (const part of partsOf(word.text)) add('part', part);
    const next = words[index + 1];
    if (next?.kind === 'word') add('pair', `${word.text} ${next.text}`);
  });
  return new Map(Object.entries(counts) as [Kind, Map<number, number>][]);
}

/** The stretches of three characters of a word, with signs for its beginning and its end. */
function partsOf(word: string): string[] {
  if (word.length > MAX_WORD_WITH_PARTS) return [];
  const framed = `^${word}$`;
  return Array.from({ length: Math.max(0, framed.length - PART_LENGTH + 1) }, (_, at) =>
    framed.slice(at, at + PART_LENGTH),
  );
}

function normalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
