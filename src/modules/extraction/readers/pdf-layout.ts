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
/** What stands first or last on so many pages, but for its numbers, is no part of the text. */
const FURNITURE_PAGES = 3;
const FURNITURE_SHARE = 1 / 3;

/** How the items of lists begin. */
const BULLET = /^[•◦▪■□‣⁃●○◆✓➢]\s*(?=\S)/;

interface Paragraph {
  lines: PageLine[];
  size: number;
}

/**
 * Makes blocks of the lines of pages. A PDF says where letters stand and nothing of paragraphs, so these are told by
 * the distance of lines, and headings by the size of letters. Page numbers are left out, and running titles but for
 * the first: they would stand in the middle of what goes on over pages.
 */
export function addPages(list: BlockList, pages: readonly (readonly PageLine[])[]): void {
  const sizes = headingSizes(pages);
  const isFurniture = furnitureOf(pages);
  for (const [index, page] of pages.entries()) {
    const text = page.filter((line, at) => !(isAtEdge(page, at) && isFurniture(line)));
    for (const paragraph of paragraphsOf(text)) {
      list.add(blockOf(paragraph, sizes), { page: index + 1 });
    }
  }
}

function blockOf(paragraph: Paragraph, sizes: readonly number[]): Parameters<BlockList['add']>[0] {
  const text = joined(paragraph.lines.map((line) => line.text));
  if (BULLET.test(text)) return { kind: 'list_item', text: text.replace(BULLET, '') };
  const level = sizes.indexOf(rounded(paragraph.size)) + 1;
  const isHeading = level > 0 && text.length <= MAX_HEADING_CHARACTERS;
  return isHeading ? { kind: 'heading', level, text } : { kind: 'paragraph', text };
}

/**
 * Tells the lines that pages begin or end with, one after the other. What such a line says is kept where it is said
 * first, unless that is nothing but a number: it may be the top row of a table.
 */
function furnitureOf(pages: readonly (readonly PageLine[])[]): (line: PageLine) => boolean {
  const counts = new Map<string, number>();
  for (const page of pages) {
    const shapes = new Set(page.filter((_, index) => isAtEdge(page, index)).map(shapeOf));
    for (const shape of shapes) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  const least = Math.max(FURNITURE_PAGES, pages.length * FURNITURE_SHARE);
  const said = new Set<string>();
  return (line) => {
    const shape = shapeOf(line);
    if ((counts.get(shape) ?? 0) < least) return false;
    const isFirst = !said.has(shape);
    said.add(shape);
    return !isFirst || /^[#\s]+$/.test(shape.slice(shape.indexOf(' ')));
  };
}

function isAtEdge(page: readonly PageLine[], index: number): boolean {
  // A page of a line or two has no edges.
  return page.length > 2 && (index === 0 || index === page.length - 1);
}

/** A line as it is on other pages too: where it is, and what it says but for the numbers. */
function shapeOf({ text, y }: PageLine): string {
  return `${Math.round(y)} ${text.trim().replaceAll(/\d+/g, '#')}`;
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
  if (BULLET.test(below.text.trimStart())) return true;
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
