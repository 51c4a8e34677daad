import { z } from 'zod';
import { CoinsFormatError, parseCoins } from '../../shared/money.js';

/** Readers of environment text. Each takes the text or `undefined` and says what is wrong in words. */

/** A whole number within bounds. */
export function integer(defaultValue: number, bounds: { min: number; max: number }) {
  return z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(
      z
        .number()
        .min(bounds.min, `must be at least ${bounds.min}`)
        .max(bounds.max, `must be at most ${bounds.max}`),
    )
    .default(defaultValue);
}

/** A switch: `true` or `false`. */
export function flag(defaultValue: boolean) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true')
    .default(defaultValue);
}

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[], defaultWord: NoInfer<T>) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` }).default(() => defaultWord);
}

/** A text with a default. */
export function text(defaultValue: string) {
  return z.string().default(defaultValue);
}

/** An address whose scheme is one of those given. It has no default: the product cannot run without it. */
export function requiredUrl(schemes: readonly string[]) {
  const message = `must be an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return z
    .string({ error: 'is missing' })
    .refine(
      (value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)),
      message,
    );
}

/** Like `requiredUrl`, but may be unset. */
export function optionalUrl(schemes: readonly string[]) {
  return requiredUrl(schemes).optional();
}

/** An amount of coins that is not negative, as a decimal text; read into micro-coins. */
export function coins(defaultText: string) {
  return coinsText.prefault(defaultText);
}

/** The schema behind `coins`, for use inside `json`. */
export const coinsText = z.string().transform((value, context) => {
  try {
    const amount = parseCoins(value);
    if (amount >= 0n) return amount;
    context.addIssue({ code: 'custom', message: 'must not be negative' });
  } catch (error) {
    if (!(error instanceof CoinsFormatError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
  return z.NEVER;
});

/** JSON that fits a schema, with the default given as text. */
export function json<T>(schema: z.ZodType<T>, defaultText: string) {
  return z
    .string()
    .default(defaultText)
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
