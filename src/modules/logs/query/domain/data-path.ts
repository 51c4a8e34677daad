/** A place in `log_data`: names of fields and indexes of arrays, from the outside inwards. */
export type DataPath = readonly (string | number)[];

export const MAX_PATH_STEPS = 10;
const MAX_PATH_CHARACTERS = 300;

/** `.name`, `."any name"` or `[3]`. A quoted name has neither quotes nor backslashes, which the servers read unlike. */
// oxlint-disable-next-line no-control-regex
const STEP = /\.([A-Za-z_][A-Za-z0-9_-]*)|\."([^"\\\u0000-\u001f]{1,100})"|\[(\d{1,4})\]/y;

/** Reads a path such as `$.user.id`, `$.items[0]` or `$."http.status_code"`. Undefined if it is none. */
export function parseDataPath(text: string): DataPath | undefined {
  if (text.length > MAX_PATH_CHARACTERS || !text.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  for (STEP.lastIndex = 1; STEP.lastIndex < text.length;) {
    const found = STEP.exec(text);
    if (!found || steps.length === MAX_PATH_STEPS) return undefined;
    steps.push(found[3] === undefined ? (found[1] ?? found[2] ?? '') : Number(found[3]));
  }
  return steps.length === 0 ? undefined : steps;
}

/** The path as the JSON functions of MariaDB and MySQL both read it. */
export function sqlPath(path: DataPath): string {
  return `$${path.map((step) => (typeof step === 'number' ? `[${step}]` : `."${step}"`)).join('')}`;
}
