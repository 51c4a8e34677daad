import type { XmlHandler } from './xml.js';

export type SlideBlock =
  | { kind: 'heading' | 'paragraph' | 'list_item'; text: string }
  | { kind: 'table'; rows: string[][] };

/** Placeholders that say nothing of the slide itself. */
const FURNITURE = new Set(['sldNum', 'dt', 'ftr', 'hdr', 'sldImg']);
const TITLES = new Set(['title', 'ctrTitle']);

/** Hears the XML of a slide, or of its notes, and collects its paragraphs and tables. */
export class SlideReader implements XmlHandler {
  readonly blocks: SlideBlock[] = [];
  /** The kind of placeholder the present shape is; undefined for a text box. */
  private placeholder: string | undefined;
  private paragraph = '';
  private isText = false;
  private rows: string[][] | undefined;
  private titleParagraphs: string[] = [];

  open(name: string, attributes: Record<string, string>): void {
    if (name === 'sp') this.placeholder = undefined;
    else if (name === 'ph') this.placeholder = attributes['type'] ?? 'body';
    else if (name === 'tbl') this.rows = [];
    else if (name === 'tr') this.rows?.push([]);
    else if (name === 'tc') this.rows?.at(-1)?.push('');
    else if (name === 'p') this.paragraph = '';
    else if (name === 'br') this.paragraph += '\n';
    else if (name === 't') this.isText = true;
  }

  text(text: string): void {
    if (this.isText) this.paragraph += text;
  }

  close(name: string): void {
    if (name === 't') this.isText = false;
    else if (name === 'p') this.endParagraph();
    else if (name === 'sp') this.endShape();
    else if (name === 'tbl') this.endTable();
  }

  private endParagraph(): void {
    const text = this.paragraph;
    this.paragraph = '';
    const row = this.rows?.at(-1);
    if (row && row.length > 0) row[row.length - 1] += ` ${text}`;
    else if (text.trim() === '' || FURNITURE.has(this.placeholder ?? '')) return;
    else if (TITLES.has(this.placeholder ?? '')) this.titleParagraphs.push(text);
    else this.blocks.push({ kind: this.placeholder === 'body' ? 'list_item' : 'paragraph', text });
  }

  private endShape(): void {
    if (this.titleParagraphs.length > 0)
      this.blocks.push({ kind: 'heading', text: this.titleParagraphs.join(' ') });
    this.titleParagraphs = [];
    this.placeholder = undefined;
  }

  private endTable(): void {
    if (this.rows) this.blocks.push({ kind: 'table', rows: this.rows });
    this.rows = undefined;
  }
}
