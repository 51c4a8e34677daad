import { readDocuments } from './machine-documents.ts';

const DOCUMENTS = 2_000;
const MIN_CHARACTERS = 40;
const MAX_CHARACTERS = 240;
const MIN_WORDS = 7;
const WORD = /^\p{L}{2,}/u;
const QUERY_WORDS = 8;
/** Prime, and prime to how many sentences there may be: with it partners are chosen. */
const STRIDE = 7_919;

/** Passages as long as a short paragraph, of the real sentences of this machine's documents; no two alike. */
export class PassageTexts {
  private readonly sentences: readonly string[];

  constructor() {
    const sentences = new Set<string>();
    for (const { content } of readDocuments(DOCUMENTS)) {
      if (content.includes(0)) continue;
      for (const sentence of sentencesOf(content.toString('utf8'))) sentences.add(sentence);
    }
    this.sentences = [...sentences];
    if (this.sentences.length < 100) throw new Error('This machine has too few documents.');
  }

  get count(): number {
    return this.sentences.length;
  }

  /** Two sentences; the same number always gives the same. */
  passage(number: number): string {
    const { length } = this.sentences;
    const first = number % length;
    const round = Math.floor(number / length) + 1;
    const second = (first + 1 + ((round * STRIDE + first) % (length - 1))) % length;
    return `${this.sentences[first]} ${this.sentences[second]}`;
  }

  /** What somebody asks who looks for a passage: some of its words, in their order. */
  query(number: number): string {
    const sentence = this.sentences[(number * STRIDE) % this.sentences.length] ?? '';
    const words = sentence.split(' ').filter((word) => WORD.test(word));
    const start = number % Math.max(1, words.length - QUERY_WORDS + 1);
    return words.slice(start, start + QUERY_WORDS).join(' ');
  }
}

function sentencesOf(text: string): string[] {
  return text
    .replaceAll(/<[^>]*>/g, ' ')
    .split(/(?<=[.!?])\s+(?=[A-Z])|\n\s*\n/)
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
    .filter(
      (sentence) =>
        sentence.length >= MIN_CHARACTERS &&
        sentence.length <= MAX_CHARACTERS &&
        sentence.split(' ').filter((word) => WORD.test(word)).length >= MIN_WORDS &&
        /^[\p{L}\p{N}\p{P}\p{Zs}\p{S}]*$/u.test(sentence),
    );
}
