/** What no text needs and databases or people stumble over: controls, byte order marks, soft hyphens. */
// oxlint-disable-next-line no-control-regex -- these are the characters that are taken out
const NOISE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u00AD\uFEFF\uFFFE\uFFFF]/g;

/** A text of several lines: line ends are `\n`, noise is gone, half characters are replaced. */
export function tidyLines(text: string): string {
  return text
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replaceAll(NOISE, '')
    .toWellFormed();
}

/** Lines as they are, without blanks at their ends and without empty lines around them. */
export function tidyCode(text: string): string {
  const lines = tidyLines(text).split('\n');
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+/, '')
    .trimEnd();
}

/** Text that flows: runs of blanks are one, lines have none at their ends. */
export function tidyProse(text: string): string {
  return tidyLines(text)
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
}

/** Text on one line. */
export function tidyLine(text: string): string {
  return tidyLines(text).replaceAll(/\s+/g, ' ').trim();
}

/** The row of a table as it stands in a block. */
export function rowText(cells: readonly string[]): string {
  return tidyLine(cells.map(tidyLine).join(' | '));
}
