import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idListSchema, idSchema } from '../../../shared/ids.js';
import type { ShownChunk } from '../files/chunk.repository.js';
import { pageQuerySchema } from './collection.dto.js';
import { placeSchema, toPlaceAnswer } from './knowledge-search.dto.js';

const MAX_NAMED = 100;
const EXAMPLE_ID = '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44';

export const fileKnowledgeParamsSchema = z.object({ id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type FileKnowledgeParams = z.infer<typeof fileKnowledgeParamsSchema>;

export const chunkListQuerySchema = pageQuerySchema.extend({
  from: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .meta({ description: 'The position to begin at; nothing beside a cursor.', examples: [0] }),
});
export type ChunkListQuery = z.infer<typeof chunkListQuerySchema>;

export const namedChunksQuerySchema = z.object({
  id: idListSchema(MAX_NAMED).meta({
    description: 'This chunk; may be repeated, up to 100 times.',
    examples: [[EXAMPLE_ID]],
  }),
});
export type NamedChunksQuery = z.infer<typeof namedChunksQuerySchema>;

const chunkSchema = z.object({
  chunk_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  file_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  position: z.int().meta({ description: 'Which chunk of the file, from 0 on.', examples: [7] }),
  headings: z.array(z.string()).meta({
    description: 'What it stands under, the outermost first.',
    examples: [['Maintenance', 'Descaling']],
  }),
  place: placeSchema,
  text: z.string().meta({ examples: ['Descale the pump twice a year.'] }),
  tokens: z.int().meta({ description: 'How long it is, in tokens.', examples: [8] }),
  is_embedded: z.boolean().meta({
    description: 'Whether it has a vector; without one it is found by its words alone.',
    examples: [true],
  }),
});

export const chunkPageSchema = z.object({
  items: z.array(chunkSchema).meta({ description: 'In the order of the file.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type ChunkPageAnswer = z.infer<typeof chunkPageSchema>;

export const namedChunksSchema = z.object({
  items: z
    .array(chunkSchema)
    .meta({ description: 'Those that are there and yours, in the order in which they were asked for.' }),
});
export type NamedChunksAnswer = z.infer<typeof namedChunksSchema>;

const chunkPosition = z.tuple([z.int().min(0)]);

/** At which position a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readChunkCursor({ cursor, from }: ChunkListQuery): number {
  return cursor === undefined ? from : decodeCursor(cursor, chunkPosition)[0];
}

/** Makes a page of up to `limit + 1` chunks, of which the last only shows that there are more. */
export function toChunkPage(chunks: readonly ShownChunk[], limit: number): ChunkPageAnswer {
  const next = chunks[limit];
  return {
    items: chunks.slice(0, limit).map(toChunkAnswer),
    next_cursor: next ? encodeCursor([next.position]) : null,
  };
}

/** In the order of `ids`, each once. */
export function toNamedChunks(chunks: readonly ShownChunk[], ids: readonly string[]): NamedChunksAnswer {
  const byId = new Map(chunks.map((chunk) => [chunk.id, chunk]));
  const ordered = [...new Set(ids)].map((id) => byId.get(id)).filter((chunk) => chunk !== undefined);
  return { items: ordered.map(toChunkAnswer) };
}

function toChunkAnswer(chunk: ShownChunk): z.infer<typeof chunkSchema> {
  return {
    chunk_id: chunk.id,
    file_id: chunk.fileId,
    position: chunk.position,
    headings: [...chunk.headings],
    place: toPlaceAnswer(chunk.place),
    text: chunk.text,
    tokens: chunk.tokens,
    is_embedded: chunk.isEmbedded,
  };
}
