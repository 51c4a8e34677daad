/** One row as it is sent in bulk: text, numbers and NULL, in the order of the table's columns. */
export type BulkRow = readonly (string | number | null)[];

/** Characters that mean something to `LOAD DATA` with the separators that we name in the statement. */
const SPECIAL = /[\\\t\n\0]/;
const EVERY_SPECIAL = /[\\\t\n\0]/g;

const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\0': '\\0' };

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
      if (value === null || value === undefined) text += '\\N';
      else if (typeof value === 'number') text += value;
      // Most texts have nothing to escape, and to find that out is cheaper than to replace.
      else
        text += SPECIAL.test(value)
          ? value.replaceAll(EVERY_SPECIAL, (found) => ESCAPED[found] ?? found)
          : value;
    }
    text += '\n';
  }
  return text;
}

/** About how many bytes a row takes in a statement, at the most for texts that need no escape. */
export function sizeOfRow(row: BulkRow): number {
  let size = 8;
  for (const value of row) size += typeof value === 'string' ? Buffer.byteLength(value) + 4 : 24;
  return size;
}
