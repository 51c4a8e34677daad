import type { CellFormats } from './cell-formats.js';
import type { XmlHandler } from './xml.js';

/** Cells further to the right are put together in the last one. */
const MAX_COLUMNS = 1_000;

interface SheetReaderOptions {
  strings: readonly string[];
  formats: CellFormats;
  onRow: (row: number, cells: readonly string[]) => void;
}

/** Hears the XML of a sheet and tells its rows. */
export class SheetReader implements XmlHandler {
  private readonly options: SheetReaderOptions;
  private row = 0;
  private column = 0;
  private cells: string[] = [];
  private type = 'n';
  private style = 0;
  private value = '';
  private isValue = false;
  private isPhonetic = false;

  constructor(options: SheetReaderOptions) {
    this.options = options;
  }

  open(name: string, attributes: Record<string, string>): void {
    if (name === 'row') this.openRow(attributes);
    else if (name === 'c') this.openCell(attributes);
    else if (name === 'rPh') this.isPhonetic = true;
    else if (name === 'v' || name === 't') this.isValue = !this.isPhonetic;
  }

  text(text: string): void {
    if (this.isValue) this.value += text;
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.isValue = false;
    else if (name === 'rPh') this.isPhonetic = false;
    else if (name === 'c') this.closeCell();
    else if (name === 'row') this.options.onRow(this.row, this.cells);
  }

  private openRow(attributes: Record<string, string>): void {
    const number = Number(attributes['r']);
    this.row = Number.isSafeInteger(number) && number > 0 ? number : this.row + 1;
    this.column = 0;
    this.cells = [];
  }

  private openCell(attributes: Record<string, string>): void {
    this.column = columnOf(attributes['r'] ?? '') ?? this.column + 1;
    this.type = attributes['t'] ?? 'n';
    this.style = Number(attributes['s'] ?? 0);
    this.value = '';
  }

  private closeCell(): void {
    const text = this.shown();
    if (text === '') return;
    const index = Math.min(this.column, MAX_COLUMNS) - 1;
    while (this.cells.length <= index) this.cells.push('');
    const there = this.cells[index];
    this.cells[index] = there === undefined || there === '' ? text : `${there} ${text}`;
  }

  private shown(): string {
    const { strings, formats } = this.options;
    if (this.type === 's') return strings[Number(this.value)] ?? '';
    if (this.type === 'b') return this.value === '1' ? 'TRUE' : 'FALSE';
    return this.type === 'n' ? formats.textOf(this.value, this.style) : this.value;
  }
}

/** The column of a reference such as `AB12`, beginning with 1. */
function columnOf(reference: string): number | undefined {
  const letters = /^[A-Z]{1,3}(?=\d)/.exec(reference)?.[0];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column;
}
