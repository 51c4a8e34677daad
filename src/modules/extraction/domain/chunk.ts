import { tokensOf } from '../../../shared/tokens.js';
import { type Block, type Place, plainTextOf } from './block.js';
import { type Piece, fitsTokens, headerTokens, piecesOf } from './pieces.js';

/** What is embedded and found. */
export interface Chunk {
  /** From 0, in the order of the document. */
  index: number;
  /**
   * The document's plain text from `place.start` to `place.end`. Where that is the middle of a table, the table's row
   * of headings stands above it.
   */
  text: string;
  /** The headings it is below, outermost first. */
  headings: string[];
  /** Where it begins, and its stretch of the document's plain text. */
  place: Place;
  tokens: number;
}

export interface ChunkOptions {
  /** Of a chunk, its repeated row of headings included. At least 16. */
  maxTokens?: number;
  /** Of the sentences at a chunk's end that the next one begins with, if both are of one section. */
  overlapTokens?: number;
}

const DEFAULT_MAX_TOKENS = 400;
const DEFAULT_OVERLAP_TOKENS = 50;
const MIN_MAX_TOKENS = 16;
/** A new section or slide begins a new chunk unless the present one has less than this share of what it may have. */
const MIN_SHARE = 0.25;

/** Divides the blocks of a document into chunks: see `chunksOf`. */
export function chunkBlocks(blocks: readonly Block[], options?: ChunkOptions): Chunk[] {
  return [...chunksOf(blocks, options)];
}

/**
 * Divides the blocks of a document into chunks, one at a time: counting tokens takes a millisecond for each thousand
 * characters, so of a long document take some and let other work in between.
 *
 * Nothing is left out. A sentence, a row or a line of code is divided only if it alone has more than `maxTokens`. A
 * sheet, a page, a slide or a section begins a new chunk (small ones of the last two share one), and no chunk ends with a
 * heading.
 * @param blocks as they follow each other in the document
 * @throws RangeError if the options make no sense
 */
export function* chunksOf(blocks: readonly Block[], options: ChunkOptions = {}): Generator<Chunk> {
  const maxTokens = options.maxTokens ?? DEFAULT_MAX_TOKENS;
  const overlapTokens = options.overlapTokens ?? Math.min(DEFAULT_OVERLAP_TOKENS, maxTokens / 4);
  if (!(maxTokens >= MIN_MAX_TOKENS)) throw new RangeError(`maxTokens has to be at least ${MIN_MAX_TOKENS}.`);
  if (!(overlapTokens >= 0 && overlapTokens <= maxTokens / 2)) {
    throw new RangeError('overlapTokens has to be between 0 and half of maxTokens.');
  }
  const packer = new Packer(blocks, maxTokens, overlapTokens);
  for (const block of blocks) {
    for (const piece of piecesOf(block, maxTokens)) yield* packer.add(piece);
  }
  yield* packer.finish();
}

function isProse({ kind }: Block): boolean {
  return kind === 'paragraph' || kind === 'list_item';
}

/** Packs pieces into chunks. */
class Packer {
  private readonly text: string;
  private readonly offset: number;
  private readonly maxTokens: number;
  private readonly overlapTokens: number;
  private pieces: Piece[] = [];
  private tokens = 0;
  private index = 0;

  constructor(blocks: readonly Block[], maxTokens: number, overlapTokens: number) {
    this.text = plainTextOf(blocks);
    this.offset = blocks[0]?.place.start ?? 0;
    this.maxTokens = maxTokens;
    this.overlapTokens = overlapTokens;
  }

  *add(piece: Piece): Generator<Chunk> {
    const last = this.pieces.at(-1);
    if (last && this.isBoundary(last, piece)) {
      yield* this.close();
      this.begin([]);
    } else if (last && !this.fits(piece)) {
      yield* this.turnOver(piece);
    }
    if (this.pieces.length === 0) this.begin([piece]);
    else this.push(piece);
  }

  *finish(): Generator<Chunk> {
    yield* this.close();
  }

  /** Ends the chunk that is full, and begins the one that `next` goes into. */
  private *turnOver(next: Piece): Generator<Chunk> {
    const headings = this.takeHeadings();
    const closed = this.pieces;
    yield* this.close();
    this.begin(headings.length > 0 ? headings : this.overlapOf(closed, next));
    if (this.pieces.length === 0 || this.fits(next)) return;
    // Headings and a long sentence together may be too much; what is only repeated need not be.
    if (headings.length > 0) yield* this.close();
    this.begin([]);
  }

  private fits(piece: Piece): boolean {
    return fitsTokens(this.maxTokens, this.tokens + piece.tokens, () => {
      const [first = piece] = this.pieces;
      const text = this.text.slice(first.start - this.offset, piece.end - this.offset).trim();
      return withHeader(first.header, text);
    });
  }

  private begin(pieces: Piece[]): void {
    this.pieces = [];
    const header = pieces[0]?.header;
    this.tokens = header === undefined ? 0 : headerTokens(header);
    for (const piece of pieces) this.push(piece);
  }

  private push(piece: Piece): void {
    this.pieces.push(piece);
    this.tokens += piece.tokens;
  }

  private isBoundary({ block: last }: Piece, { block: next }: Piece): boolean {
    if (last === next) return false;
    if (last.place.sheet !== next.place.sheet) return true;
    // A passage is looked for on the page that is named, not on the one where something before it began.
    if (last.place.page !== next.place.page) return true;
    const isNewPart =
      (next.kind === 'heading' && last.kind !== 'heading') ||
      last.place.slide !== next.place.slide ||
      last.place.section?.[0] !== next.place.section?.[0];
    return isNewPart && last.kind !== 'heading' && this.tokens >= this.maxTokens * MIN_SHARE;
  }

  /** Takes the headings off the end, unless there is nothing else: they belong to what follows. */
  private takeHeadings(): Piece[] {
    const end = this.pieces.findLastIndex(({ block }) => block.kind !== 'heading') + 1;
    return end === 0 ? [] : this.pieces.splice(end);
  }

  /** The sentences at the end of a chunk that are repeated above `next`. */
  private overlapOf(closed: readonly Piece[], next: Piece): Piece[] {
    const overlap: Piece[] = [];
    let tokens = 0;
    // Never all of them: a chunk says something new.
    for (const piece of closed.slice(1).toReversed()) {
      tokens += piece.tokens;
      if (!isProse(piece.block) || !isProse(next.block)) break;
      if (piece.block.place.slide !== next.block.place.slide) break;
      if (tokens > this.overlapTokens || tokens + next.tokens > this.maxTokens) break;
      overlap.unshift(piece);
    }
    return overlap;
  }

  private *close(): Generator<Chunk> {
    const [first] = this.pieces;
    const last = this.pieces.at(-1);
    if (!first || !last) return;
    const raw = this.text.slice(first.start - this.offset, last.end - this.offset);
    const start = first.start + raw.length - raw.trimStart().length;
    const text = raw.trim();
    if (text === '') return;
    const whole = withHeader(first.header, text);
    yield {
      index: this.index,
      text: whole,
      headings: this.headings(),
      place: { ...placeOf(first), start, end: start + text.length },
      tokens: tokensOf(whole),
    };
    this.index += 1;
  }

  private headings(): string[] {
    const body = this.pieces.findIndex(({ block }) => block.kind !== 'heading');
    const piece = this.pieces.at(body === -1 ? -1 : body);
    return piece?.block.place.section ?? [];
  }
}

function withHeader(header: string | undefined, text: string): string {
  return header === undefined ? text : `${header}\n${text}`;
}

/** The place of a piece, but for its offsets: a row deep in a table's block is further down. */
function placeOf({ block, start }: Piece): Omit<Place, 'start' | 'end'> {
  const { place } = block;
  if (block.kind !== 'table' || place.row === undefined) return place;
  const above = block.text.slice(0, start - place.start);
  return { ...place, row: place.row + above.split('\n').length - 1 };
}
