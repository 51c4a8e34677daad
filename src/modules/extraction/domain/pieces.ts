import { tokensOf } from '../../../shared/tokens.js';
import { BLOCK_SEPARATOR, type Block } from './block.js';
import { type Span, divisions, linesOf, sentencesOf } from './sentences.js';

/** What chunks are put together from: a heading, a sentence, a line of code, a row, or a part of one that is too long. */
export interface Piece extends Span {
  /** The block it is of; `start` and `end` are offsets into the document's plain text. */
  block: Block;
  /** Those of its text and the blanks behind it. */
  tokens: number;
  /** The row of headings that has to stand above it where its table does not begin with it. */
  header?: string;
}

/** A row of headings that takes more than this share of a chunk is not repeated. */
const MAX_HEADER_SHARE = 0.25;

/** Texts joined can have a few tokens more than they have one by one, though nearly always they have fewer. */
const SUM_ERROR = 4;

/**
 * Whether a text of parts fits: by the sum of the parts' tokens if that is clear, else counted exactly.
 * @param sum the tokens of the parts, counted one by one
 * @param text makes the whole text
 */
export function fitsTokens(maxTokens: number, sum: number, text: () => string): boolean {
  if (sum > maxTokens) return false;
  return sum <= maxTokens * 0.95 - SUM_ERROR || tokensOf(text()) <= maxTokens;
}

/**
 * Divides a block into pieces of at most `maxTokens`, its row of headings included. Together they are the block's
 * text and what separates it from the next.
 */
export function piecesOf(block: Block, maxTokens: number): Piece[] {
  const text = block.text + BLOCK_SEPARATOR;
  const header = repeatedHeader(block, maxTokens);
  const room = maxTokens - (header === undefined ? 0 : headerTokens(header) + SUM_ERROR);
  const startsWithHeader = header !== undefined && isHeaderFirst(block, header);
  return unitsOf(block, text).flatMap((unit, index) =>
    fitting(text, unit, room).map(({ start, end, tokens }): Piece => ({
      block,
      start: block.place.start + start,
      end: block.place.start + end,
      tokens,
      ...(header !== undefined && !(startsWithHeader && index === 0) && { header }),
    })),
  );
}

/** The tokens of a row of headings above other rows. */
export function headerTokens(header: string): number {
  return tokensOf(`${header}\n`);
}

function repeatedHeader({ kind, header }: Block, maxTokens: number): string | undefined {
  if (kind !== 'table' || header === undefined) return undefined;
  return headerTokens(header) <= maxTokens * MAX_HEADER_SHARE ? header : undefined;
}

function isHeaderFirst({ text }: Block, header: string): boolean {
  return text === header || text.startsWith(`${header}\n`);
}

function unitsOf({ kind }: Block, text: string): Span[] {
  if (kind === 'table' || kind === 'code') return linesOf(text);
  return kind === 'heading' ? [{ start: 0, end: text.length }] : sentencesOf(text);
}

interface CountedSpan extends Span {
  tokens: number;
}

/** A span as it is if it fits, else divided at the best places there are. */
function fitting(text: string, span: Span, maxTokens: number, way = 0): CountedSpan[] {
  const tokens = tokensOf(text.slice(span.start, span.end));
  const divide = divisions[way];
  if (tokens <= maxTokens || !divide) return [{ ...span, tokens }];
  const parts = divide(text.slice(span.start, span.end)).flatMap(({ start, end }) =>
    fitting(text, { start: span.start + start, end: span.start + end }, maxTokens, way + 1),
  );
  return packed(text, parts, maxTokens);
}

/** Puts parts that follow each other together as far as they fit. */
function packed(text: string, parts: CountedSpan[], maxTokens: number): CountedSpan[] {
  const spans: CountedSpan[] = [];
  for (const part of parts) {
    const last = spans.at(-1);
    const whole = () => text.slice(last?.start, part.end);
    if (last && fitsTokens(maxTokens, last.tokens + part.tokens, whole)) {
      last.end = part.end;
      last.tokens += part.tokens;
    } else {
      spans.push({ ...part });
    }
  }
  // Parts count for more than the whole does.
  for (const span of spans) span.tokens = tokensOf(text.slice(span.start, span.end));
  return spans;
}
