import type { BlockList, Where } from '../domain/block-list.js';
import { TableWriter } from './table-writer.js';

/** More would be no table that a person made; the text of further cells goes into the last one. */
const MAX_COLUMNS = 1_000;

/**
 * Reads the elements of one table. A table inside a cell is text of that cell. A table of a single column, as old pages
 * have them for their layout, is read as paragraphs.
 */
export class HtmlTable {
  private readonly list: BlockList;
  private readonly where: Omit<Where, 'row'>;
  /** Tables that are open inside this one, itself included. */
  private depth = 1;
  private row = 0;
  private cells: string[] = [];
  private isHeaderRow = true;
  private writer: TableWriter | undefined;

  constructor(list: BlockList, where: Omit<Where, 'row'>) {
    this.list = list;
    this.where = where;
  }

  open(name: string): void {
    if (name === 'table') this.depth += 1;
    if (this.depth === 1 && name === 'tr') this.endRow();
    else if (this.depth === 1 && (name === 'td' || name === 'th')) this.openCell(name === 'th');
    // What stands on a line of its own is at least a word of its own.
    else this.text(' ');
  }

  text(text: string): void {
    const last = this.cells.length - 1;
    if (last >= 0) this.cells[last] += text;
    else if (text.trim() !== '') this.cells.push(text);
  }

  /** Returns true if that was the end of the table. */
  close(name: string): boolean {
    if (name === 'tr' && this.depth === 1) this.endRow();
    else if (name === 'caption' && this.depth === 1) this.addCaption();
    if (name !== 'table') return false;
    this.depth -= 1;
    if (this.depth > 0) return false;
    this.end();
    return true;
  }

  /** Writes what is left. */
  end(): void {
    this.endRow();
    this.writer?.end();
  }

  private openCell(isHeader: boolean): void {
    if (!isHeader) this.isHeaderRow = false;
    if (this.cells.length < MAX_COLUMNS) this.cells.push('');
    else this.text(' ');
  }

  private addCaption(): void {
    this.list.add({ kind: 'paragraph', text: this.cells.join(' ') }, this.where);
    this.cells = [];
  }

  private endRow(): void {
    const { cells, isHeaderRow } = this;
    this.cells = [];
    this.isHeaderRow = true;
    if (cells.length === 0) return;
    this.row += 1;
    if (!this.writer && cells.length === 1) {
      this.list.add({ kind: 'paragraph', text: cells.join(' ') }, this.where);
      return;
    }
    this.writer ??= new TableWriter(this.list, {
      where: this.where,
      // Cells that say they are headings are; others may be all the same.
      ...(isHeaderRow && { hasHeader: true }),
    });
    this.writer.add(this.row, cells);
  }
}
