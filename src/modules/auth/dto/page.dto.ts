import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'How many items at most.' }),
  cursor: idSchema.optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** A page of items: `next_cursor` is null on the last one. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

/**
 * Makes a page of up to `limit + 1` rows, of which the last only shows that there are more.
 */
export function toPage<R extends { id: string }, T>(
  rows: readonly R[],
  limit: number,
  toItem: (row: R) => T,
) {
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(toItem),
    next_cursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null,
  };
}
