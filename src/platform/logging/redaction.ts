/** The names of values that must never be shown, wherever they stand. */
export const SECRET_NAMES = [
  'password',
  'authorization',
  'api_key',
  'refresh_token',
  'access_token',
  'secret',
  'cookie',
  'csrf_token',
  'current_password',
  'new_password',
  'password_hash',
] as const;

export const CENSORED = '[redacted]';

const SECRET_KEYS: ReadonlySet<string> = new Set(SECRET_NAMES.map(nameKey));
/** Our API keys and the secrets of sessions, and tokens as they stand in a header or a URL. */
const SECRETS_IN_TEXT =
  /\blkc?_[A-Za-z0-9_-]{8,}|\b(?:Bearer|Basic) +[^\s"',]+|(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g;

const MAX_TEXT_CHARACTERS = 2_000;
const MAX_DEPTH = 6;
/** Fields and elements, over all levels. */
const MAX_VALUES = 500;

/** A value as it may be shown to an operator. */
export interface ShownValue {
  readonly value: unknown;
  /** Whether something was left out because it was long. */
  readonly isCut: boolean;
}

/**
 * A value of JSON without its secrets and of a bounded size: of long texts the beginning, and no more than 500 fields
 * and elements.
 */
export function showRedacted(value: unknown): ShownValue {
  const state = { left: MAX_VALUES, isCut: false };
  return { value: redact(value, 0, state), isCut: state.isCut };
}

/** The beginning of a text, without the tokens that stand in it. */
export function redactText(text: string, maxCharacters = MAX_TEXT_CHARACTERS): string {
  const shown = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return shown.replaceAll(SECRETS_IN_TEXT, CENSORED).toWellFormed();
}

interface Budget {
  left: number;
  isCut: boolean;
}

function redact(value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value === 'string') {
    if (value.length > MAX_TEXT_CHARACTERS) budget.isCut = true;
    return redactText(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) {
    budget.isCut = true;
    return '…';
  }
  if (Array.isArray(value)) {
    return within(value, budget).map((element) => redact(element, depth + 1, budget));
  }
  return Object.fromEntries(
    within(Object.entries(value), budget).map(([name, field]) => [
      redactText(name, 100),
      SECRET_KEYS.has(nameKey(name)) ? CENSORED : redact(field, depth + 1, budget),
    ]),
  );
}

/** As many of these as may still be shown. */
function within<T>(values: readonly T[], budget: Budget): readonly T[] {
  const shown = values.slice(0, budget.left);
  budget.left -= shown.length;
  if (shown.length < values.length) budget.isCut = true;
  return shown;
}

/** `apiKey`, `API_KEY` and `api-key` are one name. */
function nameKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
