import { useRead } from '../../api/use-read.ts';

/** What an entity can be. */
export const entityTypes = ['person', 'organisation', 'place', 'product', 'event', 'concept'] as const;
export type EntityType = (typeof entityTypes)[number];

export interface Entity {
  id: string;
  type: EntityType;
  name: string;
  mention_count: number;
}

export interface EntityDetails extends Entity {
  aliases: Array<{ name: string; mention_count: number }>;
}

export interface Relation {
  id: string;
  from_id: string;
  to_id: string;
  /** null if both are only named in one sentence. */
  label: string | null;
  statement_count: number;
}

export interface Neighbourhood {
  entities: Array<Entity & { distance: number }>;
  relations: Relation[];
  is_truncated: boolean;
}

export interface Path {
  entities: Entity[];
  relations: Relation[];
  is_exhaustive: boolean;
}

/** Where a chunk names an entity, or states a relation: then without a span. */
export interface Mention {
  chunk_id: string;
  file_id: string;
  extractor: string;
  text?: string;
  start?: number;
  end?: number;
}

export const GRAPH_PATH = '/api/graph';
export const ENTITIES_PATH = `${GRAPH_PATH}/entities`;

/** An entity's place in the console. It is in the query, so that walking keeps the focus where it is. */
export const entityAddress = (id: string) => `/graph?entity=${id}`;
export const pathAddress = (from: string, to = '') =>
  `/graph/path?from=${from}${to === '' ? '' : `&to=${to}`}`;

/** An entity; nothing is read without an id. */
export function useEntity(id: string) {
  return useRead<EntityDetails>(`${ENTITIES_PATH}/${id}`, { isEnabled: id !== '' });
}
