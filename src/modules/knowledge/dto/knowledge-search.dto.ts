import { z } from 'zod';
import { idListSchema } from '../../../shared/ids.js';
import type { ChunkPlace } from '../domain/chunk.js';
import type { Passage, PassageResult } from '../finding/passage-search.service.js';

const MAX_QUERY_CHARACTERS = 500;
const MAX_NAMED = 20;
const EXAMPLE_ID = '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44';

const ids = idListSchema(MAX_NAMED).optional();

export const knowledgeSearchQuerySchema = z.object({
  q: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .refine((text) => Array.from(text).length <= MAX_QUERY_CHARACTERS, {
      error: `must have at most ${MAX_QUERY_CHARACTERS} characters`,
    })
    .meta({
      description: 'A question or some words, up to 500 characters.',
      examples: ['How is the pump descaled? 怎样除垢'],
    }),
  collection_id: ids.meta({
    description: 'Looks only into files of this collection; may be repeated, up to 20 times.',
    examples: [[EXAMPLE_ID]],
  }),
  file_id: ids.meta({
    description:
      'Looks only into this file; may be repeated, up to 20 times. With `collection_id`, the files have to be in a collection too.',
    examples: [[EXAMPLE_ID]],
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(10)
    .meta({ description: 'At most so many.', examples: [10] }),
});
export type KnowledgeSearchRequest = z.infer<typeof knowledgeSearchQuerySchema>;

export const placeSchema = z
  .object({
    page: z
      .int()
      .optional()
      .meta({ examples: [12] }),
    slide: z.int().optional(),
    sheet: z.string().optional(),
    row: z.int().optional(),
    section: z.array(z.string()).optional(),
    start: z.int().meta({ description: "Where it begins in the file's plain text.", examples: [10_240] }),
    end: z.int().meta({ examples: [11_200] }),
  })
  .meta({ description: 'Where in the file it stands; which of these there are is for the format to say.' });

const passageSchema = z.object({
  chunk_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  file_id: z.uuid().meta({ examples: [EXAMPLE_ID] }),
  position: z.int().meta({ description: 'Which chunk of the file, from 0 on.', examples: [7] }),
  headings: z.array(z.string()).meta({ examples: [['Maintenance', 'Descaling']] }),
  place: placeSchema,
  text: z.string().meta({ examples: ['Descale the pump twice a year.'] }),
  snippet: z.string().meta({
    description:
      'HTML: about 160 characters around the first word of the query, these words in `<mark>`, everything else escaped.',
    examples: ['<mark>Descale</mark> the <mark>pump</mark> twice a year.'],
  }),
  score: z.number().meta({
    description:
      'Reciprocal rank fusion of both rankings: orders this answer, and says nothing across queries.',
    examples: [0.0325],
  }),
});

export const knowledgeSearchSchema = z.object({
  items: z.array(passageSchema).meta({ description: 'The best first.' }),
  is_hybrid: z.boolean().meta({
    description: 'False if the embedder was away and the words alone decided.',
    examples: [true],
  }),
  files_without_vectors: z
    .int()
    .min(0)
    .meta({
      description:
        'How many of the files that were looked into are found by their words alone as yet: they are being embedded, or ' +
        'the embedder was changed and they are embedded anew.',
      examples: [0],
    }),
});
export type KnowledgeSearchAnswer = z.infer<typeof knowledgeSearchSchema>;

export function toKnowledgeSearchAnswer(result: PassageResult): KnowledgeSearchAnswer {
  const { passages, isHybrid, filesWithoutVectors } = result;
  return { items: passages.map(toItem), is_hybrid: isHybrid, files_without_vectors: filesWithoutVectors };
}

function toItem({ chunk, snippet, score }: Passage): KnowledgeSearchAnswer['items'][number] {
  return {
    chunk_id: chunk.id,
    file_id: chunk.fileId,
    position: chunk.position,
    headings: [...chunk.headings],
    place: toPlaceAnswer(chunk.place),
    text: chunk.text,
    snippet,
    score: Math.round(score * 1_000_000) / 1_000_000,
  };
}

export function toPlaceAnswer({ section, ...place }: ChunkPlace): z.infer<typeof placeSchema> {
  return section ? { ...place, section: [...section] } : place;
}
