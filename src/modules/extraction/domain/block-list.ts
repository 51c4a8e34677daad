import { BLOCK_SEPARATOR, type Block, type BlockKind, type Place } from './block.js';
import { tidyCode, tidyLine, tidyProse } from './tidy-text.js';

/** A longer block is cut, where a line, a sentence or a word ends if there is one: blocks are passed on one by one. */
export const MAX_BLOCK_CHARACTERS = 20_000;
/** What is kept of a heading for the sections below it. */
const MAX_SECTION_NAME_CHARACTERS = 120;
const MAX_LEVEL = 6;

/** Thrown by `BlockList.add` when no more of the document may be read. What was added until then stands. */
export class DocumentFull extends Error {
  constructor() {
    super('The document is longer than may be read.');
    this.name = 'DocumentFull';
  }
}

/** Where a reader found a block. */
export type Where = Pick<Place, 'page' | 'slide' | 'sheet' | 'row'>;

interface NewBlock {
  kind: BlockKind;
  text: string;
  level?: number;
  header?: string;
}

/** Collects the blocks of a document in their order: tidies their texts, gives them their places, holds the limits. */
export class BlockList {
  readonly blocks: Block[] = [];
  /** What the document says it is called. */
  title: string | null = null;
  /** True if a reader stopped before the document's end. */
  isTruncated = false;
  private readonly limits: { characters: number; blocks: number };
  /** The length of the document's plain text. */
  private length = 0;
  /** What counts against the limit: the texts and the names of sections, which are repeated. */
  private used = 0;
  private headings: { level: number; name: string }[] = [];

  constructor(limits: { characters: number; blocks: number }) {
    this.limits = limits;
  }

  /**
   * Adds a block, or several if its text is very long. One without text is left out.
   * @throws DocumentFull when a limit is reached; what still fits is kept
   */
  add(block: NewBlock, where: Where = {}): void {
    const text = tidied(block);
    if (text === '') return;
    if (block.kind === 'heading') this.enter(block.level ?? 1, tidyLine(text));
    let row = where.row;
    for (const part of cut(text, MAX_BLOCK_CHARACTERS)) {
      this.append({ ...block, text: part.text }, row === undefined ? where : { ...where, row });
      // The lines of a table are its rows; other blocks with a row are one row.
      if (row !== undefined && block.kind === 'table') row += part.lineEnds;
    }
  }

  /** Forgets the headings: what follows is no part of the sections before. */
  leaveSections(): void {
    this.headings = [];
  }

  private enter(level: number, text: string): void {
    this.headings = this.headings.filter((heading) => heading.level < level);
    this.headings.push({ level, name: text.slice(0, MAX_SECTION_NAME_CHARACTERS).toWellFormed() });
  }

  private append({ kind, text, level, header }: NewBlock, where: Where): void {
    const section = this.headings.map(({ name }) => name);
    const overhead = section.join('').length + (header?.length ?? 0);
    const room = this.limits.characters - this.used - overhead;
    if (room <= 0 || this.blocks.length >= this.limits.blocks) throw new DocumentFull();
    const kept = text.length <= room ? text : text.slice(0, room).toWellFormed().trimEnd();
    if (kept === '') throw new DocumentFull();
    const start = this.blocks.length === 0 ? 0 : this.length + BLOCK_SEPARATOR.length;
    const end = start + kept.length;
    this.blocks.push({
      kind,
      text: kept,
      ...(kind === 'heading' && { level: Math.min(Math.max(level ?? 1, 1), MAX_LEVEL) }),
      ...(kind === 'table' && header !== undefined && { header }),
      place: { ...where, ...(section.length > 0 && { section }), start, end },
    });
    this.length = end;
    this.used += kept.length + overhead;
    if (kept.length < text.length) throw new DocumentFull();
  }
}

function tidied({ kind, text }: NewBlock): string {
  if (kind === 'code') return tidyCode(text);
  if (kind === 'heading') return tidyLine(text);
  return tidyProse(text);
}

const CUTS = [/\n(?=[^\n]*$)/, /[。!！?？](?=[^。!！?？]*$)/, /\s(?=\S*$)/];

/** Cuts a text into parts of at most so many characters. What is cut off at the ends is blank. */
function* cut(text: string, maxCharacters: number): Generator<{ text: string; lineEnds: number }> {
  let start = 0;
  while (text.length - start > maxCharacters) {
    const head = text.slice(start, start + maxCharacters);
    let end = cutPosition(head);
    const part = head.slice(0, end).trimEnd();
    while (/\s/.test(text.charAt(start + end))) end += 1;
    yield { text: part, lineEnds: text.slice(start, start + end).split('\n').length - 1 };
    start += end;
  }
  if (start < text.length) yield { text: text.slice(start), lineEnds: 0 };
}

/** Where to cut: behind the last thing that ends in the later half, else before half a character. */
function cutPosition(head: string): number {
  const half = Math.floor(head.length / 2);
  const later = head.slice(half);
  for (const ending of CUTS) {
    const found = later.search(ending);
    if (found >= 0) return half + found + 1;
  }
  const last = head.charCodeAt(head.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? head.length - 1 : head.length;
}
