const MAX_CHARACTERS = 2_000;
/** What comes later is not looked at. */
const MAX_READ_CHARACTERS = 20_000;

/**
 * One piece of a statement at a time. A literal that has no end, since the server shows long statements cut, goes to
 * the end of the text.
 */
const PIECES = new RegExp(
  [
    String.raw`(?<comment>/\*[\s\S]*?(?:\*/|$)|--(?=\s|$)[^\n]*|#[^\n]*)`,
    String.raw`(?<text>(?:\b(?:[xXbBnN]|_[a-z0-9]+\s*))?(?:'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)|"(?:[^"\\]|\\[\s\S]|"")*(?:"|\\?$)))`,
    '(?<quoted>`[^`]*`?)',
    String.raw`(?<number>(?<![\w$])(?:0[xXbB][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w$]))`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<word>[\w$@]+)`,
  ].join('|'),
  'g',
);

/**
 * A statement as it may be shown: its literals are question marks and its comments gone, so nothing that a user wrote is
 * in it; lists of values are short, and a long one is cut.
 */
export function normaliseStatement(statement: string): string {
  const bare = statement.slice(0, MAX_READ_CHARACTERS).replaceAll(PIECES, (...match: unknown[]) => {
    const groups = match.at(-1) as Record<string, string | undefined>;
    if (groups['text'] !== undefined || groups['number'] !== undefined) return '?';
    if (groups['comment'] !== undefined || groups['space'] !== undefined) return ' ';
    return String(match[0]);
  });
  const short = bare
    .replaceAll(/ +/g, ' ')
    .replaceAll(/\?(?: ?, ?\?)+/g, '?, …')
    .replaceAll(/(\(\?(?:, …)?\))(?: ?, ?\(\?(?:, …)?\))+/g, '$1, …')
    .trim();
  return (short.length > MAX_CHARACTERS ? `${short.slice(0, MAX_CHARACTERS)}…` : short).toWellFormed();
}
