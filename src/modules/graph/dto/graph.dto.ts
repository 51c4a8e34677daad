import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { entityTypes } from '../domain/entity.js';
import type { Entity, Relation } from '../domain/graph.js';
import type { FileGraph } from '../file-graph.service.js';

const MAX_QUERY_CHARACTERS = 200;
const MAX_PATH_LENGTH = 6;

const ADA = '3fc2dafa-45b7-53f7-b4be-6dd57ad9724c';
const BABBAGE = '8d1f4c2e-90d1-5a34-9f64-2b7c1f0a5d11';
const RELATION = '5b0e7a64-1f7d-5c8e-8a51-77aa0c7be210';
const CHUNK = '019af3b2-6c1e-7d53-9d0a-3a2f5b8c9e01';
const FILE = '019af3b2-1111-7d53-9d0a-3a2f5b8c9e01';

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(100)
  .default(20)
  .meta({ description: 'At most so many.', examples: [20] });
const cursor = z.string().max(1_000).optional().meta({ description: '`next_cursor` of the page before.' });
const nextCursor = z.string().nullable().meta({ description: 'Names the next page; null at the end.' });

export const graphParamsSchema = z.object({ id: idSchema });
export type GraphParams = z.infer<typeof graphParamsSchema>;

export const pageQuerySchema = z.object({ limit, cursor });
export type PageQuery = z.infer<typeof pageQuerySchema>;

export const entityListQuerySchema = z.object({
  q: z
    .string()
    .max(MAX_QUERY_CHARACTERS)
    .optional()
    .meta({
      description:
        'What the name, or a word in it, begins with; in Chinese any part of it. Case, width and blanks make no difference.',
      examples: ['lovelace'],
    }),
  type: z
    .enum(entityTypes)
    .optional()
    .meta({ examples: ['person'] }),
  limit,
  cursor,
});
export type EntityListQuery = z.infer<typeof entityListQuerySchema>;

export const neighbourhoodQuerySchema = z.object({
  depth: z.coerce
    .number()
    .int()
    .min(1)
    .max(3)
    .default(1)
    .meta({ description: 'How many relations away.', examples: [2] }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: 'At most so many entities, the one in the middle among them.', examples: [50] }),
});
export type NeighbourhoodQuery = z.infer<typeof neighbourhoodQuerySchema>;

export const pathQuerySchema = z.object({
  from: idSchema.meta({ examples: [ADA] }),
  to: idSchema.meta({ examples: [BABBAGE] }),
  max_length: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PATH_LENGTH)
    .default(4)
    .meta({ description: 'At most so many relations.', examples: [4] }),
});
export type PathQuery = z.infer<typeof pathQuerySchema>;

export const entitySchema = z.object({
  id: z.uuid().meta({
    description: 'The same for the same name and type for ever, though the entity goes and comes again.',
    examples: [ADA],
  }),
  type: z.enum(entityTypes).meta({ examples: ['person'] }),
  name: z.string().meta({ description: 'The commonest way to write it.', examples: ['Ada Lovelace'] }),
  mention_count: z.int().meta({ description: 'How often files name it.', examples: [12] }),
});
export type EntityDto = z.infer<typeof entitySchema>;

export const entityListSchema = z.object({ items: z.array(entitySchema), next_cursor: nextCursor });
export type EntityListDto = z.infer<typeof entityListSchema>;

export const entityDetailsSchema = entitySchema.extend({
  aliases: z
    .array(
      z.object({
        name: z.string().meta({ examples: ['ADA LOVELACE'] }),
        mention_count: z.int().meta({ examples: [2] }),
      }),
    )
    .meta({ description: 'The ways to write it, the commonest first, at most twenty.' }),
});
export type EntityDetailsDto = z.infer<typeof entityDetailsSchema>;

const provenance = {
  chunk_id: z.uuid().meta({ examples: [CHUNK] }),
  file_id: z.uuid().meta({ examples: [FILE] }),
  extractor: z.string().meta({
    description: 'What has read it: `rules-…` are the built-in rules, `model-…` is a model.',
    examples: ['rules-1'],
  }),
};

const mentionSchema = z.object({
  ...provenance,
  text: z.string().meta({ description: 'As it is written there.', examples: ['Ada Lovelace'] }),
  start: z.int().meta({ description: 'In UTF-16 units of the text of the chunk.', examples: [120] }),
  end: z.int().meta({ description: 'Behind the last unit.', examples: [132] }),
});

export const mentionListSchema = z.object({
  items: z.array(mentionSchema),
  next_cursor: nextCursor,
});
export type MentionListDto = z.infer<typeof mentionListSchema>;

export const statementListSchema = z.object({
  items: z.array(z.object(provenance)),
  next_cursor: nextCursor,
});
export type StatementListDto = z.infer<typeof statementListSchema>;

export const relationSchema = z.object({
  id: z.uuid().meta({ examples: [RELATION] }),
  from_id: z.uuid().meta({ examples: [ADA] }),
  to_id: z.uuid().meta({ examples: [BABBAGE] }),
  label: z
    .string()
    .nullable()
    .meta({
      description: 'What the one does to or with the other; null if they are only named in one sentence.',
      examples: ['work with'],
    }),
  statement_count: z.int().meta({ description: 'How many chunks say so.', examples: [3] }),
});
export type RelationDto = z.infer<typeof relationSchema>;

export const fileGraphQuerySchema = z.object({
  limit: limit.meta({ description: 'At most so many entities.', examples: [20] }),
});
export type FileGraphQuery = z.infer<typeof fileGraphQuerySchema>;

const fileMentionSchema = mentionSchema.omit({ file_id: true });

export const fileGraphSchema = z.object({
  entities: z
    .array(
      entitySchema.extend({
        mention_count: z.int().meta({ description: 'How often this file names it.', examples: [4] }),
        mentions: z
          .array(fileMentionSchema)
          .meta({ description: 'Where this file names it first, three places at most.' }),
      }),
    )
    .meta({ description: 'Those that the file names most often, these first.' }),
  relations: z
    .array(
      relationSchema.extend({
        statement_count: z.int().meta({ description: 'How many chunks of this file say so.', examples: [2] }),
      }),
    )
    .meta({ description: 'Those between these entities that the file states, the most often stated first.' }),
  is_truncated: z
    .boolean()
    .meta({ description: 'True if the file names or states more.', examples: [false] }),
});
export type FileGraphDto = z.infer<typeof fileGraphSchema>;

export const neighbourhoodSchema = z.object({
  entities: z
    .array(
      entitySchema.extend({
        distance: z
          .int()
          .meta({ description: 'How many relations away; 0 is the one in the middle.', examples: [1] }),
      }),
    )
    .meta({ description: 'The nearest first.' }),
  relations: z.array(relationSchema),
  is_truncated: z.boolean().meta({
    description:
      'True if there is more: of each entity the fifty relations in each direction are looked at that most chunks state.',
    examples: [false],
  }),
});
export type NeighbourhoodDto = z.infer<typeof neighbourhoodSchema>;

export const pathSchema = z.object({
  entities: z
    .array(entitySchema)
    .meta({ description: 'From the one to the other; empty if no path was found.' }),
  relations: z
    .array(relationSchema)
    .meta({ description: 'Each between two of the entities, in the same order.' }),
  is_exhaustive: z.boolean().meta({
    description:
      'True if all there is was looked at. If it is false there may be a shorter path, or one though none was found: of each entity the fifty relations in each direction are looked at that most chunks state, and about 2,000 entities in all.',
    examples: [true],
  }),
});
export type PathDto = z.infer<typeof pathSchema>;

export function toEntityDto({ id, type, name, mentionCount }: Entity): EntityDto {
  return { id, type, name, mention_count: mentionCount };
}

export function toRelationDto({ id, fromId, toId, label, statementCount }: Relation): RelationDto {
  return {
    id,
    from_id: fromId,
    to_id: toId,
    label: label === '' ? null : label,
    statement_count: statementCount,
  };
}

export function toFileGraphDto({ entities, relations, isTruncated }: FileGraph): FileGraphDto {
  return {
    entities: entities.map((entity) => ({
      ...toEntityDto(entity),
      mentions: entity.mentions.map(({ chunkId, extractor, text, start, end }) => ({
        chunk_id: chunkId,
        extractor,
        text,
        start,
        end,
      })),
    })),
    relations: relations.map(toRelationDto),
    is_truncated: isTruncated,
  };
}
