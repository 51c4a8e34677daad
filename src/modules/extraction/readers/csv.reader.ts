import { CsvError, parse } from 'csv-parse/sync';
import { documentBroken } from '../extraction.errors.js';
import type { SourceFile } from './reader.js';
import { TableWriter } from './table-writer.js';
import { readTextFile } from './text-file.js';

const DELIMITERS = [',', '\t', ';', '|'] as const;
const SAMPLE_LINES = 20;
/** Of one record, in characters. A file that opens a quote and never closes it is one record. */
const MAX_RECORD_CHARACTERS = 1_000_000;

/** Reads comma-, tab-, semicolon- or bar-separated values as one table. */
export async function readCsv(source: SourceFile): Promise<void> {
  const text = await readTextFile(source);
  const table = new TableWriter(source.list);
  let row = 0;
  const addRecord = (cells: string[]) => {
    row += 1;
    table.add(row, cells);
    return null;
  };
  try {
    // Records are taken as they come and none is kept.
    parse(text, {
      delimiter: delimiterOf(text),
      bom: true,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: MAX_RECORD_CHARACTERS,
      on_record: addRecord,
    });
  } catch (error) {
    // Behind what was cut off a quote may be open.
    if (!(error instanceof CsvError)) throw error;
    if (!source.list.isTruncated)
      throw documentBroken({ detail: `Record ${row + 1}: ${error.message}`, cause: error });
  }
  table.end();
}

/** The delimiter that divides the first lines the most evenly: into more than one field, and equally many. */
function delimiterOf(text: string): string {
  const lines = text
    .slice(0, 100_000)
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, SAMPLE_LINES);
  let best: { delimiter: string; score: number } = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => line.replaceAll(/"[^"]*"/g, '').split(delimiter).length - 1);
    const usual = counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
    const score = usual === 0 ? 0 : counts.filter((count) => count === usual).length + usual / 1_000;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}
