/** One row as it is sent in bulk: text, numbers and NULL, in the order of the table's columns. */
export type BulkRow = readonly (string | number | null)[];

/** Characters that mean something to `LOAD DATA` with the separators that we name in the statement. */
const SPECIAL = /[\\\t\n\0]/;
const EVERY_SPECIAL = /[\\\t\n\0]/g;
const EVERY_ESCAPE = /\\([\\tn0])/g;

const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\0': '\\0' };
const UNESCAPED: Record<string, string> = { '\\': '\\', t: '\t', n: '\n', '0': '\0' };

/** NULL, as a column of a row's text. */
export const BULK_NULL = '\\N';

/** A text as a column of a row's text. Most have nothing to escape, and to find that out is cheaper than to replace. */
export function bulkText(value: string): string {
  return SPECIAL.test(value) ? value.replaceAll(EVERY_SPECIAL, (found) => ESCAPED[found] ?? found) : value;
}

/**
 * The text of rows as `LOAD DATA` reads it: columns between tabs, rows between line feeds, `\N` for NULL. Half of a
 * surrogate pair is no character: it becomes U+FFFD when the text is encoded, in bulk as in any other statement.
 */
export function encodeRows(rows: readonly BulkRow[]): string {
  let text = '';
  for (const row of rows) {
    for (let column = 0; column < row.length; column++) {
      if (column > 0) text += '\t';
      const value = row[column];
      if (value === null || value === undefined) text += BULK_NULL;
      else if (typeof value === 'number') text += value;
      else text += bulkText(value);
    }
    text += '\n';
  }
  return text;
}

/** Reads what `encodeRows` has written; numbers come as text. */
export function decodeRows(text: string): (string | null)[][] {
  const rows = text.split('\n');
  // Behind the line feed that ends the last row.
  if (rows.at(-1) === '') rows.pop();
  return rows.map((row) => row.split('\t').map(decodeColumn));
}

function decodeColumn(text: string): string | null {
  if (!text.includes('\\')) return text;
  return text === BULK_NULL
    ? null
    : text.replaceAll(EVERY_ESCAPE, (escape, name: string) => UNESCAPED[name] ?? escape);
}

/** About how many bytes a row takes in a statement, at the most for texts that need no escape. */
export function sizeOfRow(row: BulkRow): number {
  let size = 8;
  for (const value of row) size += typeof value === 'string' ? Buffer.byteLength(value) + 4 : 24;
  return size;
}
