/** A value of JSON that holds no other, and the way to it. */
export interface Leaf {
  /** Names and positions from the outside in. */
  path: readonly (string | number)[];
  /** A string without its quotes; a number exactly as it is written. */
  value: string;
}

const TOKEN = /\s*(?:(?<string>"(?:[^"\\]|\\.)*")|(?<literal>[-+\w.]+)|(?<mark>[[\]{}:,]))/y;

interface Level {
  /** Where in the array, or the name in the object. */
  key: string | number;
  isObject: boolean;
  isEmpty: boolean;
}

/**
 * The leaves of a JSON text, in their order. Empty arrays and objects are leaves too. The text has to be valid.
 * Does not recurse, and keeps numbers as they are written: `JSON.parse` would round those of many digits.
 * @throws RangeError if values are nested deeper than `maxDepth`
 */
export function* leavesOf(json: string, maxDepth: number): Generator<Leaf> {
  const levels: Level[] = [];
  let isName = false;
  for (const token of tokensOf(json)) {
    const top = levels.at(-1);
    if (token === '{' || token === '[') {
      if (levels.length >= maxDepth) throw new RangeError('too deep');
      if (top) top.isEmpty = false;
      levels.push({ key: token === '[' ? 0 : '', isObject: token === '{', isEmpty: true });
      isName = token === '{';
    } else if (token === '}' || token === ']') {
      levels.pop();
      if (top?.isEmpty) yield { path: levels.map(({ key }) => key), value: token === '}' ? '{}' : '[]' };
    } else if (token === ',') {
      if (typeof top?.key === 'number') top.key += 1;
      isName = top?.isObject ?? false;
    } else if (token === ':') {
      isName = false;
    } else if (isName && top) {
      top.key = JSON.parse(token) as string;
      top.isEmpty = false;
    } else {
      if (top) top.isEmpty = false;
      const value = token.startsWith('"') ? (JSON.parse(token) as string) : token;
      yield { path: levels.map(({ key }) => key), value };
    }
  }
}

function* tokensOf(json: string): Generator<string> {
  // Of its own, since it keeps its position.
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(json); match; match = pattern.exec(json)) yield match[0].trimStart();
}
