import { z } from 'zod';
import { splitWords } from '../../../shared/words.js';
import { type EntityType, entityTypes, normaliseName } from './entity.js';
import type { NamedSpan, Reading, SpanRelation } from './extraction.js';

/** What an answer may have of one chunk. More is cut off. */
const MAX_ENTITIES = 100;
const MAX_RELATIONS = 200;
const MAX_PLACES = 20;

/**
 * The JSON schema that a model is given. It has only what all providers take with `strict`: no bounds of lists or texts,
 * and all fields required.
 */
export const answerJsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['chunks'],
  properties: {
    chunks: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['chunk', 'entities', 'relations'],
        properties: {
          chunk: { type: 'integer' },
          entities: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['name', 'type'],
              properties: { name: { type: 'string' }, type: { type: 'string', enum: entityTypes } },
            },
          },
          relations: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['from', 'label', 'to'],
              properties: { from: { type: 'string' }, label: { type: 'string' }, to: { type: 'string' } },
            },
          },
        },
      },
    },
  },
} as const;

const chunkAnswerSchema = z.object({
  chunk: z.int(),
  entities: z.array(z.object({ name: z.string(), type: z.enum(entityTypes).catch('concept') })),
  relations: z.array(z.object({ from: z.string(), label: z.string(), to: z.string() })),
});
const answerSchema = z.object({ chunks: z.array(chunkAnswerSchema) });

/** What a model says of one chunk. */
export type ChunkAnswer = z.infer<typeof chunkAnswerSchema>;

/**
 * Reads an answer; what stands around the JSON, such as a fence, does not matter.
 * @returns what it says of each chunk, by the chunk's number; undefined if it does not fit the schema.
 */
export function parseAnswer(text: string): Map<number, ChunkAnswer> | undefined {
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  try {
    const answer = answerSchema.safeParse(JSON.parse(json));
    return answer.success ? new Map(answer.data.chunks.map((chunk) => [chunk.chunk, chunk])) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds what a model says in the text that it was given. Names that are not in the text are left out, with their
 * relations: nothing gets into a graph that no file says.
 */
export function locateAnswer(text: string, { entities, relations }: ChunkAnswer): Reading {
  const types = new Map<string, EntityType>();
  for (const { name, type } of entities.slice(0, MAX_ENTITIES)) {
    const normalised = normaliseName(name);
    if (normalised !== undefined && !types.has(normalised)) types.set(normalised, type);
  }
  const spans: NamedSpan[] = [];
  const firstSpans = new Map<string, number>();
  // The longer names first: "Ada Lovelace" is not also "Ada".
  const inOrder = [...types].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
  const split = splitWords(text);
  for (const [name, type] of inOrder) {
    const places = findPlaces(split.text, name).map(({ start, end }) => split.originOf(start, end));
    const free = places.filter(
      (place) => !spans.some((span) => place.start < span.end && span.start < place.end),
    );
    if (free.length > 0) firstSpans.set(name, spans.length);
    spans.push(...free.map((place) => ({ ...place, type })));
  }
  return {
    spans,
    relations: relations.slice(0, MAX_RELATIONS).flatMap((relation) => toSpans(relation, firstSpans)),
  };
}

function toSpans(
  { from, to, label }: ChunkAnswer['relations'][number],
  firstSpans: ReadonlyMap<string, number>,
): SpanRelation[] {
  const fromSpan = firstSpans.get(normaliseName(from) ?? '');
  const toSpan = firstSpans.get(normaliseName(to) ?? '');
  return fromSpan === undefined || toSpan === undefined ? [] : [{ from: fromSpan, to: toSpan, label }];
}

/** Characters that mean something to a regular expression. */
const SPECIAL = /[$()*+./?[\\\]^{|}]/u;
const UNSPACED = /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}]$/u;

function isRun(character = ''): boolean {
  return UNSPACED.test(character);
}

/** Where a normalised name stands in a text in its form for comparison; as whole words, but in Chinese anywhere. */
function findPlaces(text: string, name: string): { start: number; end: number }[] {
  const characters = Array.from(name);
  const body = characters
    .map((character, at) => {
      if (character === ' ') return '\\s+';
      // A Chinese name may go on in the next line.
      return (
        character.replace(SPECIAL, '\\$&') + (isRun(character) && isRun(characters[at + 1]) ? '\\s?' : '')
      );
    })
    .join('');
  const before = isRun(characters[0]) ? '' : '(?<![\\p{L}\\p{N}])';
  const after = isRun(characters.at(-1)) ? '' : '(?![\\p{L}\\p{N}])';
  const found = text.matchAll(new RegExp(before + body + after, 'gu'));
  return Array.from(found)
    .slice(0, MAX_PLACES)
    .map(({ 0: written, index }) => ({
      start: index,
      end: index + written.length,
    }));
}
