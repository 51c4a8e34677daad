/** A stretch of a text. */
export interface Span {
  start: number;
  end: number;
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

/** What ends with a full stop without ending a sentence. */
const ABBREVIATION =
  /(?:^|[\s("'“‘])(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Mt|No|Nos|Fig|Figs|Eq|Sec|Ch|Vol|pp?|vs|etc|cf|al|approx|Inc|Ltd|Co|Corp|Gen|Col|Sgt|Rev|Hon|e\.g|i\.e|[A-Z]|(?:[A-Z]\.)+[A-Z])\.\s*$/;

/**
 * The sentences of a text, Chinese or English, with the blanks behind them: together they are the whole text. The end
 * of a line alone ends none, since lines are broken to fit a page.
 */
export function sentencesOf(text: string): Span[] {
  const spans: Span[] = [];
  // A blank is as long as a line's end, so positions stay.
  for (const { index, segment } of sentences.segment(text.replaceAll('\n', ' '))) {
    const last = spans.at(-1);
    const end = index + segment.length;
    if (last && continues(text.slice(last.start, last.end))) last.end = end;
    else spans.push({ start: index, end });
  }
  return spans;
}

function continues(sentence: string): boolean {
  return ABBREVIATION.test(sentence.slice(-24));
}

/** Where a text may be divided if it has to be, the better places first. Each way divides all of it. */
export const divisions: readonly ((text: string) => Span[])[] = [
  linesOf,
  sentencesOf,
  (text) => dividedBehind(text, /[,;:，；：、…—]["'”’」』)）]*\s*/g),
  (text) => segmentsOf(text, words),
  charactersOf,
];

/** The lines of a text with their ends. */
export function linesOf(text: string): Span[] {
  return dividedBehind(text, /\n+/g);
}

function dividedBehind(text: string, mark: RegExp): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (const match of text.matchAll(mark)) {
    const end = match.index + match[0].length;
    spans.push({ start, end });
    start = end;
  }
  if (start < text.length) spans.push({ start, end: text.length });
  return spans;
}

/**
 * Code points, since what people see as one character (a letter under a thousand marks) can be longer than anything
 * that may be.
 */
function charactersOf(text: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (const character of text) {
    spans.push({ start, end: start + character.length });
    start += character.length;
  }
  return spans;
}

function segmentsOf(text: string, segmenter: Intl.Segmenter): Span[] {
  return Array.from(segmenter.segment(text), ({ index, segment }) => ({
    start: index,
    end: index + segment.length,
  }));
}
