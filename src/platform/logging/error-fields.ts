import { pino } from 'pino';

/** Where database drivers put the values of a statement, or the statement with the values in it. */
const VALUE_FIELDS = new Set(['parameters', 'values', 'sql']);
const MAX_DEPTH = 5;

/**
 * An error as the log shows it: with its stack and fields, but without the values of the statement that failed, which
 * are what users wrote, hashes of passwords and of tokens.
 */
export function errorFields(error: unknown): unknown {
  return error instanceof Error ? withoutValues(pino.stdSerializers.err(error), 0) : error;
}

function withoutValues(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((element) => withoutValues(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !VALUE_FIELDS.has(name))
      .map(([name, field]) => [name, withoutValues(field, depth + 1)]),
  );
}
