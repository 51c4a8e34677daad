import {
  type EntityName,
  type EntityType,
  MAX_LABEL_LENGTH,
  MAX_SURFACE_LENGTH,
  normaliseName,
} from './entity.js';

/** A stretch of a text that names an entity, as an extractor has read it. Offsets are UTF-16 units of the text. */
export interface NamedSpan {
  readonly type: EntityType;
  readonly start: number;
  readonly end: number;
}

/** That one named span stands in a relation to another, both by their index. */
export interface SpanRelation {
  readonly from: number;
  readonly to: number;
  /** The verb, if there is one between them. Without it they are only named in one sentence. */
  readonly label: string | undefined;
}

/** What an extractor has read in a text. */
export interface Reading {
  readonly spans: readonly NamedSpan[];
  readonly relations: readonly SpanRelation[];
}

/** Where a text names an entity. */
export interface Mention {
  readonly entity: EntityName;
  /** As it is written there. */
  readonly surface: string;
  readonly start: number;
  readonly end: number;
}

export interface StatedRelation {
  readonly from: EntityName;
  readonly to: EntityName;
  /** Empty if they are only named in one sentence. */
  readonly label: string;
}

/** What is kept of a text: within bounds, in the order of the text, nothing twice. */
export interface Extraction {
  readonly mentions: readonly Mention[];
  readonly relations: readonly StatedRelation[];
}

/** Of one chunk. What comes later in it is left out. */
export const MAX_MENTIONS = 200;
export const MAX_RELATIONS = 200;

const BLANKS = /\s+/gu;

/**
 * What is kept of a reading. A name that the text uses for several types has the first of them that is not `concept`.
 * Spans that are no names or overlap an earlier one are left out, with their relations; so are relations of an entity
 * with itself.
 */
export function toExtraction(text: string, { spans, relations }: Reading): Extraction {
  const types = typesByName(text, spans);
  const entities = new Map<number, EntityName>();
  const mentions: Mention[] = [];
  const inOrder = spans
    .map((span, index) => ({ ...span, index }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  for (const { index, start, end } of inOrder) {
    const written = text.slice(start, end);
    const normalised = nameIn(written);
    const type = normalised === undefined ? undefined : types.get(normalised);
    if (normalised === undefined || type === undefined) continue;
    if (start < (mentions.at(-1)?.end ?? 0) || mentions.length === MAX_MENTIONS) continue;
    const entity = { type, normalised };
    entities.set(index, entity);
    mentions.push({ entity, surface: surfaceOf(written), start, end });
  }
  return { mentions, relations: relationsOf(relations, entities) };
}

function relationsOf(
  relations: readonly SpanRelation[],
  entities: ReadonlyMap<number, EntityName>,
): StatedRelation[] {
  const found = new Map<string, StatedRelation>();
  for (const relation of relations) {
    const ends = [entities.get(relation.from), entities.get(relation.to)];
    const label = labelOf(relation.label);
    // Without a verb it has no direction; one is chosen, so that it is the same wherever it is said.
    if (label === '') ends.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const [from, to] = ends;
    if (!from || !to || keyOf(from) === keyOf(to) || found.size === MAX_RELATIONS) continue;
    found.set([keyOf(from), label, keyOf(to)].join('\0'), { from, to, label });
  }
  return [...found.values()];
}

function typesByName(text: string, spans: readonly NamedSpan[]): Map<string, EntityType> {
  const types = new Map<string, EntityType>();
  for (const { type, start, end } of spans) {
    const name = nameIn(text.slice(start, end));
    if (name === undefined) continue;
    const known = types.get(name);
    if (known === undefined || (known === 'concept' && type !== 'concept')) types.set(name, type);
  }
  return types;
}

function nameIn(written: string): string | undefined {
  return surfaceOf(written).length > MAX_SURFACE_LENGTH ? undefined : normaliseName(written);
}

function surfaceOf(written: string): string {
  return written.toWellFormed().replaceAll(BLANKS, ' ').trim();
}

function keyOf(entity: EntityName | undefined): string {
  return entity === undefined ? '' : `${entity.type}\n${entity.normalised}`;
}

function labelOf(written: string | undefined): string {
  const label = (written ?? '').toWellFormed().replaceAll(BLANKS, ' ').trim().normalize('NFKC').toLowerCase();
  return label.slice(0, MAX_LABEL_LENGTH).toWellFormed().trim();
}
