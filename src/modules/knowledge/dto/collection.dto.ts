import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import type { Collection } from '../collections/collection.repository.js';
import type { Member } from '../collections/membership.repository.js';

const EXAMPLE_ID = '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44';

export const collectionBodySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ description: 'How you call it; no two of yours have the same name.', examples: ['Manuals'] }),
});
export type CollectionBody = z.infer<typeof collectionBodySchema>;

export const collectionParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type CollectionParams = z.infer<typeof collectionParamsSchema>;

export const memberParamsSchema = collectionParamsSchema.extend({
  file_id: idSchema.meta({ examples: [EXAMPLE_ID] }),
});
export type MemberParams = z.infer<typeof memberParamsSchema>;

export const pageQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(20)
    .meta({ description: 'At most so many.', examples: [20] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

const nextCursor = z.string().nullable().meta({ description: 'For the next page; null on the last.' });

export const collectionSchema = z.object({
  id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  name: z.string().meta({ examples: ['Manuals'] }),
  file_count: z.int().meta({ description: 'How many files are in it, up to 10,000.', examples: [12] }),
  created_at: z.iso.datetime().meta({ examples: ['2027-01-31T12:00:00.000Z'] }),
});
export type CollectionAnswer = z.infer<typeof collectionSchema>;

export const collectionPageSchema = z.object({
  items: z.array(collectionSchema).meta({ description: 'The newest first.' }),
  next_cursor: nextCursor,
});
export type CollectionPageAnswer = z.infer<typeof collectionPageSchema>;

export const memberPageSchema = z.object({
  items: z.array(
    z.object({
      file_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
      chunk_count: z.int().meta({ description: 'How many chunks of it can be found.', examples: [42] }),
    }),
  ),
  next_cursor: nextCursor,
});
export type MemberPageAnswer = z.infer<typeof memberPageSchema>;

const collectionPosition = z.tuple([z.uuid()]);
const memberPosition = z.tuple([z.string().regex(/^\d{1,20}$/)]);

/** Before which collection a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readCollectionCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, collectionPosition)[0];
}

/** After which file a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readMemberCursor(cursor: string | undefined): string {
  return cursor === undefined ? '0' : decodeCursor(cursor, memberPosition)[0];
}

export function toCollectionAnswer({ id, name, fileCount, createdAt }: Collection): CollectionAnswer {
  return { id, name, file_count: fileCount, created_at: createdAt.toISOString() };
}

/** Makes a page of up to `limit + 1` collections, of which the last only shows that there are more. */
export function toCollectionPage(collections: readonly Collection[], limit: number): CollectionPageAnswer {
  const shown = collections.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toCollectionAnswer),
    next_cursor: collections.length > limit && last ? encodeCursor([last.id]) : null,
  };
}

/** Makes a page of up to `limit + 1` files, of which the last only shows that there are more. */
export function toMemberPage(members: readonly Member[], limit: number): MemberPageAnswer {
  const shown = members.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ fileId, chunkCount }) => ({ file_id: fileId, chunk_count: chunkCount })),
    next_cursor: members.length > limit && last ? encodeCursor([last.fileNo]) : null,
  };
}
