import { Parser } from 'htmlparser2';
import type { BlockList, Where } from '../domain/block-list.js';
import { tidyLine } from '../domain/tidy-text.js';
import { documentBroken } from '../extraction.errors.js';
import { HtmlTable } from './html-table.js';
import type { SourceFile } from './reader.js';
import { readTextFile } from './text-file.js';

/** Not what people read of a page. */
const SKIPPED = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'svg',
  'math',
  'select',
  'datalist',
]);
/** What stands on lines of its own. What is not here flows with the text around it. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer ' +
    'form header hgroup hr html legend li main menu nav ol option p pre section summary ul table tbody thead tfoot tr'
  ).split(' '),
);
const HEADING = /^h([1-6])$/;
/** Old pages leave hundreds of elements open. Past this the parser would take longer with each. */
const MAX_DEPTH = 10_000;

interface HtmlOptions {
  where?: Omit<Where, 'row'>;
  /** Whether `<a/>` ends the element, as in XHTML. */
  isXhtml?: boolean;
}

/** Reads an HTML file. What it refers to is not fetched. */
export async function readHtml(source: SourceFile): Promise<void> {
  const text = await readTextFile(source, { hasMarkup: true, declaredCharset });
  addHtml(source.list, text);
}

/**
 * Adds the blocks of an HTML document, and its title to a list that has none.
 * @throws documentBroken if its elements are nested absurdly deep
 */
export function addHtml(list: BlockList, html: string, options: HtmlOptions = {}): void {
  const builder = new HtmlBuilder(list, options.where ?? {});
  const parser = new Parser(
    {
      onopentag: (name, attributes) => builder.open(name, attributes),
      ontext: (text) => builder.text(text),
      onclosetag: (name) => builder.close(name),
    },
    { recognizeSelfClosing: options.isXhtml ?? false },
  );
  parser.write(html);
  parser.end();
  builder.flush();
}

function declaredCharset(head: string): string | undefined {
  return /<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*["']?\s*(?<charset>[\w-]{2,40})/i.exec(head)
    ?.groups?.['charset'];
}

/** Follows the elements of a page and makes blocks of what is between them. */
class HtmlBuilder {
  private readonly list: BlockList;
  private readonly where: Omit<Where, 'row'>;
  /** The text of the block that is being read. */
  private buffer = '';
  private depth = 0;
  /** The depth of the element whose content is skipped; 0 if none. */
  private skippedFrom = 0;
  private titleText: string | undefined;
  private headingLevel = 0;
  private preDepth = 0;
  private itemDepth = 0;
  /** The lists that are open: the next number of each, or undefined if it has no numbers. */
  private lists: (number | undefined)[] = [];
  private marker = '';
  private table: HtmlTable | undefined;

  constructor(list: BlockList, where: Omit<Where, 'row'>) {
    this.list = list;
    this.where = where;
  }

  open(name: string, attributes: Record<string, string>): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw documentBroken({ detail: 'Its elements are nested too deeply.' });
    if (this.skippedFrom > 0) return;
    if (SKIPPED.has(name) || 'hidden' in attributes) this.skippedFrom = this.depth;
    else if (name === 'title') this.titleText = '';
    else if (this.table) this.table.open(name);
    else if (name === 'table') this.openTable();
    else if (name === 'br') this.buffer += '\n';
    else this.openBlock(name, attributes);
  }

  text(text: string): void {
    if (this.skippedFrom > 0) return;
    if (this.titleText !== undefined) this.titleText += text;
    else if (this.table) this.table.text(text);
    else this.buffer += this.preDepth > 0 ? text : text.replaceAll(/\s+/g, ' ');
  }

  close(name: string): void {
    const isSkipped = this.skippedFrom > 0;
    if (this.skippedFrom === this.depth) this.skippedFrom = 0;
    this.depth -= 1;
    if (isSkipped) return;
    if (name === 'title' && this.titleText !== undefined) this.closeTitle();
    else if (this.table) this.closeInTable(name);
    else this.closeBlock(name);
  }

  /** Ends the block that is being read. */
  flush(): void {
    if (this.table) {
      this.table.end();
      this.table = undefined;
    }
    const text = this.buffer;
    this.buffer = '';
    if (text.trim() === '') return;
    const marker = this.marker;
    this.marker = '';
    if (this.headingLevel > 0) this.list.add({ kind: 'heading', level: this.headingLevel, text }, this.where);
    else if (this.preDepth > 0) this.list.add({ kind: 'code', text }, this.where);
    else if (this.itemDepth > 0)
      this.list.add({ kind: 'list_item', text: marker + text.trimStart() }, this.where);
    else this.list.add({ kind: 'paragraph', text }, this.where);
  }

  private openTable(): void {
    this.flush();
    this.table = new HtmlTable(this.list, this.where);
  }

  private closeInTable(name: string): void {
    if (!this.table?.close(name)) return;
    this.table = undefined;
  }

  private closeTitle(): void {
    this.list.title ??= tidyLine(this.titleText ?? '') || null;
    this.titleText = undefined;
  }

  private openBlock(name: string, attributes: Record<string, string>): void {
    const level = HEADING.exec(name)?.[1];
    if (level === undefined && !BLOCKS.has(name)) return;
    this.flush();
    if (level !== undefined) this.headingLevel = Number(level);
    else if (name === 'pre') this.preDepth += 1;
    else if (name === 'ol') this.lists.push(Number.parseInt(attributes['start'] ?? '1', 10) || 1);
    else if (name === 'ul') this.lists.push(undefined);
    else if (name === 'li') this.openItem();
  }

  private openItem(): void {
    this.itemDepth += 1;
    const number = this.lists.at(-1);
    this.marker = number === undefined ? '' : `${number}. `;
    if (number !== undefined) this.lists[this.lists.length - 1] = number + 1;
  }

  private closeBlock(name: string): void {
    const isHeading = HEADING.test(name);
    if (!isHeading && !BLOCKS.has(name)) return;
    this.flush();
    if (isHeading) this.headingLevel = 0;
    else if (name === 'pre') this.preDepth = Math.max(0, this.preDepth - 1);
    else if (name === 'ol' || name === 'ul') this.lists.pop();
    else if (name === 'li') {
      this.itemDepth = Math.max(0, this.itemDepth - 1);
      this.marker = '';
    }
  }
}
