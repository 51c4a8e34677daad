import type { Archive } from './archive.js';
import { parseXml } from './xml.js';

/** The formats of dates and times that Excel has without their being in the file. */
const BUILT_IN_DATES = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47]);
const DAY_MS = 86_400_000;
/** Day 0 of a workbook. Excel counts a 29 February 1900 that never was; from 1 March on this is right. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** The last day that Excel knows: 9999-12-31. */
const MAX_DAY = 2_958_465;
/** A number of Excel has this many digits; what a file has behind them is noise of binary fractions. */
const DIGITS = 15;

/** Shows the numbers of a workbook as its cells do: dates as dates. */
export class CellFormats {
  private readonly dateStyles: ReadonlySet<number>;
  private readonly epoch: number;

  constructor(dateStyles: ReadonlySet<number>, is1904: boolean) {
    this.dateStyles = dateStyles;
    this.epoch = is1904 ? EPOCH_1904 : EPOCH_1900;
  }

  /** A stored number as text: a date in a cell of that style, else the number itself. */
  textOf(value: string, style: number): string {
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) return value;
    if (this.dateStyles.has(style) && number >= 0 && number <= MAX_DAY) return this.dateOf(number);
    return /^-?\d+$/.test(value) ? value : String(Number(number.toPrecision(DIGITS)));
  }

  private dateOf(days: number): string {
    // Times are stored as fractions of a day, and so are a little off the second.
    const iso = new Date(this.epoch + Math.round((days * DAY_MS) / 1_000) * 1_000).toISOString();
    const time = iso.slice(11, 19);
    if (days < 1) return time;
    return time === '00:00:00' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`;
  }
}

/** Reads which styles of a workbook show numbers as dates or times. */
export async function readCellFormats(
  archive: Archive,
  part: string | undefined,
  { is1904, maxDepth }: { is1904: boolean; maxDepth: number },
): Promise<CellFormats> {
  const dateFormats = new Set(BUILT_IN_DATES);
  const dateStyles = new Set<number>();
  let style = 0;
  let isInStyles = false;
  const open = (name: string, attributes: Record<string, string>) => {
    const format = Number(attributes['numFmtId']);
    if (name === 'cellXfs') isInStyles = true;
    else if (name === 'numFmt' && isDateFormat(attributes['formatCode'] ?? '')) dateFormats.add(format);
    else if (name === 'xf' && isInStyles) {
      if (dateFormats.has(format)) dateStyles.add(style);
      style += 1;
    }
  };
  const close = (name: string) => {
    if (name === 'cellXfs') isInStyles = false;
  };
  if (part !== undefined) await parseXml(archive.chunks(part), { open, close }, maxDepth);
  return new CellFormats(dateStyles, is1904);
}

/** Whether a format has years, months, days, hours or seconds outside of quotes and brackets. */
function isDateFormat(code: string): boolean {
  return /[ymdhs]/i.test(code.replaceAll(/"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]|General/gi, ''));
}
