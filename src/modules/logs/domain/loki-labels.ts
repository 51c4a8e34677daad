const NAME = /[A-Za-z_][A-Za-z0-9_.\-/]*/y;
/** What follows the quote that ends a value: the next label, or the end. */
const AFTER_VALUE = /\s*(?:,\s*(?:[A-Za-z_][A-Za-z0-9_.\-/]*\s*=\s*["`]|\}\s*$)|\}\s*$)/y;
const MAX_LABELS = 100;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** The text is no label set. */
export class LokiLabelsError extends Error {}

/**
 * Reads a label set as Loki writes it, `{app="shop", level="info"}`. Some clients put quotes into values without
 * escaping them (`{msg="say "hi""}`): a value ends only at a quote after which the set goes on or ends.
 * @throws LokiLabelsError
 */
export function parseLokiLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  const set = text.trim();
  if (!set.startsWith('{') || !set.endsWith('}')) throw new LokiLabelsError('labels must be a set in braces');
  let at = skipSpaces(set, 1);
  while (at < set.length - 1) {
    if (labels.size === MAX_LABELS) throw new LokiLabelsError(`labels may be at most ${MAX_LABELS}`);
    NAME.lastIndex = at;
    const name = NAME.exec(set)?.[0];
    if (name === undefined) throw new LokiLabelsError(`labels have no name at character ${at}`);
    const [value, next] = readValue(set, skipEquals(set, at + name.length));
    labels.set(name, value);
    at = skipSpaces(set, next);
    if (set.charAt(at) === ',') at = skipSpaces(set, at + 1);
  }
  return labels;
}

function skipSpaces(set: string, from: number): number {
  let at = from;
  while (set.charAt(at) === ' ' || set.charAt(at) === '\t') at++;
  return at;
}

function skipEquals(set: string, from: number): number {
  const at = skipSpaces(set, from);
  if (set.charAt(at) !== '=') throw new LokiLabelsError(`labels have no = at character ${at}`);
  return skipSpaces(set, at + 1);
}

function readValue(set: string, from: number): [value: string, next: number] {
  const quote = set.charAt(from);
  if (quote !== '"' && quote !== '`') throw new LokiLabelsError(`labels have no quote at character ${from}`);
  const isEscaped = quote === '"';
  for (let end = set.indexOf(quote, from + 1); end >= 0; end = set.indexOf(quote, end + 1)) {
    if (isEscaped && isEscapedAt(set, end, from)) continue;
    AFTER_VALUE.lastIndex = end + 1;
    if (!AFTER_VALUE.test(set)) continue;
    const value = set.slice(from + 1, end);
    return [isEscaped ? unescape(value) : value, end + 1];
  }
  throw new LokiLabelsError(`labels have a value without end at character ${from}`);
}

/** Whether an odd number of backslashes stands before a quote. */
function isEscapedAt(set: string, quote: number, start: number): boolean {
  let first = quote;
  while (first - 1 > start && set.charAt(first - 1) === '\\') first--;
  return (quote - first) % 2 === 1;
}

function unescape(value: string): string {
  return value.includes('\\')
    ? value.replaceAll(/\\(.)/gs, (_, mark: string) => ESCAPES[mark] ?? mark)
    : value;
}
