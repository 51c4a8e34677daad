import type { BlockList } from '../domain/block-list.js';

/** A line of text as it stands on a page: the origin is below on the left, in points. */
export interface PageLine {
  text: string;
  x: number;
  y: number;
  /** The height of its letters. */
  size: number;
}

/** Lines further apart than this many times their height belong to different paragraphs. */
const PARAGRAPH_GAP = 1.8;
/** Letters that differ by more than this are of different texts. */
const SIZE_DIFFERENCE = 0.1;
/** Headings are at least this much larger than what they head, and no longer than this. */
const HEADING_FACTOR = 1.15;
const MAX_HEADING_CHARACTERS = 200;
const MAX_HEADING_LEVELS = 4;

interface Paragraph {
  lines: PageLine[];
  size: number;
}

/**
 * Makes blocks of the lines of pages. A PDF says where letters stand and nothing of paragraphs, so these are told by
 * the distance of lines, and headings by the size of letters.
 */
export function addPages(list: BlockList, pages: readonly (readonly PageLine[])[]): void {
  const sizes = headingSizes(pages);
  for (const [index, lines] of pages.entries()) {
    for (const paragraph of paragraphsOf(lines)) {
      const text = joined(paragraph.lines.map((line) => line.text));
      const level = sizes.indexOf(rounded(paragraph.size)) + 1;
      const isHeading = level > 0 && text.length <= MAX_HEADING_CHARACTERS;
      list.add(isHeading ? { kind: 'heading', level, text } : { kind: 'paragraph', text }, {
        page: index + 1,
      });
    }
  }
}

/** The sizes of letters that are headings, the largest first. */
function headingSizes(pages: readonly (readonly PageLine[])[]): number[] {
  const characters = new Map<number, number>();
  for (const lines of pages) {
    for (const { text, size } of lines) {
      characters.set(rounded(size), (characters.get(rounded(size)) ?? 0) + text.length);
    }
  }
  let body = { size: 0, characters: 0 };
  for (const [size, count] of characters) if (count > body.characters) body = { size, characters: count };
  return [...characters.keys()]
    .filter((size) => size > body.size && size >= body.size * HEADING_FACTOR)
    .sort((a, b) => b - a)
    .slice(0, MAX_HEADING_LEVELS);
}

function paragraphsOf(lines: readonly PageLine[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let last: PageLine | undefined;
  for (const line of lines) {
    const paragraph = paragraphs.at(-1);
    if (!paragraph || !last || isApart(last, line)) paragraphs.push({ lines: [line], size: line.size });
    else paragraph.lines.push(line);
    last = line;
  }
  return paragraphs;
}

function isApart(above: PageLine, below: PageLine): boolean {
  const size = Math.max(above.size, below.size, 1);
  if (Math.abs(above.size - below.size) > size * SIZE_DIFFERENCE) return true;
  const gap = above.y - below.y;
  // Upwards: the next column.
  if (gap < -size || gap > size * PARAGRAPH_GAP) return true;
  return below.x - above.x > size && /[.!?。!！?？:：]["'”’」』)]?\s*$/.test(above.text);
}

/** Lines as one text: words that were divided are whole, and scripts without spaces get none. */
function joined(lines: readonly string[]): string {
  let text = '';
  for (const line of lines.map((each) => each.trim())) {
    if (text === '') text = line;
    else if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(line)) text = text.slice(0, -1) + line;
    else if (isUnspaced(text.at(-1)) && isUnspaced(line.at(0))) text += line;
    else text += ` ${line}`;
  }
  return text;
}

function isUnspaced(character: string | undefined): boolean {
  return character !== undefined && /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\uFF00-\uFFEF]/u.test(character);
}

function rounded(size: number): number {
  return Math.round(size * 2) / 2;
}
