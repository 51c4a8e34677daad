import { z } from 'zod';
import { encodeCursor } from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';

export const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';
export const EXAMPLE_TIME = '2027-01-17T09:30:00.000Z';

export const pageQuerySchema = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'At most so many.', examples: [50] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

export const idParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type IdParams = z.infer<typeof idParamsSchema>;

/** A place in a list by id alone, and in one by time and id. */
export const idPosition = z.tuple([idSchema]);
export const timePosition = z.tuple([z.iso.datetime(), idSchema]);

/** A field that holds an id, a time, or an amount of coins. */
export const idField = (description: string) => z.uuid().meta({ description, examples: [EXAMPLE_ID] });
export const timeField = (description: string) =>
  z.iso.datetime().meta({ description, examples: [EXAMPLE_TIME] });
export const coinsField = (description: string) => z.string().meta({ description, examples: ['5.000000'] });

/** A time as a client sends it. */
export const timeInput = (description: string, example = EXAMPLE_TIME) =>
  z.iso.datetime({ offset: true }).meta({ description, examples: [example] });

/** A page of items; `next_cursor` is null on the last one. */
export function pageSchema<T extends z.ZodType>(item: T, order: string) {
  return z.object({
    items: z.array(item).meta({ description: order }),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
  });
}

/** Makes a page of up to `limit + 1` rows, of which the last only shows that there are more. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  toItem: (row: R) => T,
  positionOf: (row: R) => (string | number)[],
): { items: T[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null,
  };
}
