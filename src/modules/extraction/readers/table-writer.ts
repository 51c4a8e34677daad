import type { BlockList, Where } from '../domain/block-list.js';
import { rowText, tidyLine } from '../domain/tidy-text.js';

/** A table's rows go into blocks of about this size. */
const BLOCK_CHARACTERS = 8_000;
/** A longer first row is no row of headings. */
const MAX_HEADER_CHARACTERS = 1_000;

export interface TableOptions {
  where?: Omit<Where, 'row'>;
  /** Whether the first row has headings; if it is not said, its cells are looked at. */
  hasHeader?: boolean;
}

/**
 * Writes a table into blocks, row by row. The rows of a block follow each other without gaps, so that its place tells
 * the row of each of its lines.
 */
export class TableWriter {
  private readonly list: BlockList;
  private readonly options: TableOptions;
  private first: { row: number; cells: readonly string[] } | undefined;
  private header: string | undefined;
  private lines: string[] = [];
  private characters = 0;
  private startRow = 0;
  private nextRow = 0;

  constructor(list: BlockList, options: TableOptions = {}) {
    this.list = list;
    this.options = options;
  }

  /** Adds a row. Those without text are left out. Rows come in their order; numbers begin with 1. */
  add(row: number, cells: readonly string[]): void {
    if (cells.every((cell) => tidyLine(cell) === '')) return;
    if (this.first === undefined) {
      this.first = { row, cells };
      return;
    }
    if (this.nextRow === 0) this.begin();
    this.write(row, rowText(cells));
  }

  /** Writes what is left. */
  end(): void {
    if (this.first !== undefined && this.nextRow === 0) {
      this.options.hasHeader ??= false;
      this.begin();
    }
    this.flush();
  }

  private begin(): void {
    const { row, cells } = this.first ?? { row: 1, cells: [] };
    const text = rowText(cells);
    const hasHeader = this.options.hasHeader ?? looksLikeHeader(cells);
    if (hasHeader && text.length <= MAX_HEADER_CHARACTERS) this.header = text;
    this.write(row, text);
  }

  private write(row: number, line: string): void {
    const isGap = this.nextRow !== 0 && row !== this.nextRow;
    if (isGap || this.characters > BLOCK_CHARACTERS) this.flush();
    if (this.lines.length === 0) this.startRow = row;
    this.lines.push(line);
    this.characters += line.length + 1;
    this.nextRow = row + 1;
  }

  private flush(): void {
    const { header, lines, startRow } = this;
    this.lines = [];
    this.characters = 0;
    this.list.add(
      { kind: 'table', text: lines.join('\n'), ...(header !== undefined && { header }) },
      { ...this.options.where, row: startRow },
    );
  }
}

/** Whether the cells of a first row name what is below them: texts, several, each another. */
function looksLikeHeader(cells: readonly string[]): boolean {
  const texts = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  const areNames = texts.every((text) => !/^[-+\d.,:%/\s¥$€]+$/.test(text));
  return texts.length > 1 && areNames && new Set(texts).size === texts.length;
}
