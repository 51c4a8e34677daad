import { Injectable } from '@nestjs/common';
import { afterPlace, TimedReads, Transactions } from '../../platform/database/index.js';
import type { EntityType } from './domain/entity.js';
import type { Entity, Relation } from './domain/graph.js';

/** Above every character. */
const LAST_CHARACTER = '\u{10FFFF}';
const ENTITY_COLUMNS = 'e.id, e.type, e.name, e.normalised_name, e.mention_count';
const RELATION_COLUMNS = 'id, from_id, to_id, label, statement_count';

interface EntityRow {
  id: string;
  type: EntityType;
  name: string;
  normalised_name: string;
  mention_count: number;
}

interface RelationRow {
  id: string;
  from_id: string;
  to_id: string;
  label: string;
  statement_count: number;
}

/** Where a chunk names an entity. */
export interface MentionRow {
  chunk_id: string;
  file_id: string;
  extractor: string;
  position: number;
  surface: string;
  start_offset: number;
  end_offset: number;
}

/** That a chunk states a relation. */
export interface StatementRow {
  chunk_id: string;
  file_id: string;
  extractor: string;
}

/** Which entities to list. */
export interface EntitySelection {
  readonly ownerId: string;
  readonly type: EntityType | undefined;
  /** The last item of the page before: what it sorts by. */
  readonly after: readonly string[] | undefined;
  readonly limit: number;
}

/** Reads the graph of one owner. Each method reads no more rows than its limit says. */
@Injectable()
export class GraphReadRepository {
  constructor(
    private readonly transactions: Transactions,
    private readonly timedReads: TimedReads,
  ) {}

  /** In the order of their names, then of their types: `after` is both. */
  async listEntities({ ownerId, type, after, limit }: EntitySelection): Promise<Entity[]> {
    const { sql, values } = afterPlace(['normalised_name', 'type'], after);
    // The index alone decides which: so the server begins there, and does not read all names before.
    const rows: EntityRow[] = await this.transactions.single.query(
      `SELECT ${ENTITY_COLUMNS} FROM (
         SELECT id FROM graph_entities WHERE owner_id = ? ${type ? 'AND type = ?' : ''} AND ${sql}
          ORDER BY normalised_name, type LIMIT ?) AS page
         JOIN graph_entities AS e ON e.id = page.id ORDER BY e.normalised_name, e.type`,
      [ownerId, ...(type ? [type] : []), ...values, limit],
    );
    return rows.map(toEntity);
  }

  /**
   * Entities with a name that has a word, or in Chinese a character, from which on it begins with `beginning`; in the
   * order of what it begins there, then of their ids: `after` is both.
   */
  async findEntities(
    beginning: string,
    { ownerId, type, after, limit }: EntitySelection,
  ): Promise<(Entity & { tail: string })[]> {
    const [from, to] = [beginning, beginning + LAST_CHARACTER];
    const { sql, values } = afterPlace(['t.tail', 't.entity_id'], after);
    const rows: (EntityRow & { tail: string })[] = await this.transactions.single.query(
      `SELECT ${ENTITY_COLUMNS}, t.tail FROM graph_entity_tails AS t JOIN graph_entities AS e ON e.id = t.entity_id
        WHERE t.owner_id = ? ${type ? 'AND t.type = ?' : ''} AND t.tail >= ? AND t.tail < ? AND ${sql}
          AND NOT EXISTS (SELECT 1 FROM graph_entity_tails AS p WHERE p.entity_id = t.entity_id
                             AND p.position < t.position AND p.tail >= ? AND p.tail < ?)
        ORDER BY t.tail, t.entity_id LIMIT ?`,
      [ownerId, ...(type ? [type] : []), after?.[0] ?? from, to, ...values, from, to, limit],
    );
    return rows.map((row) => ({ ...toEntity(row), tail: row.tail }));
  }

  /** Those of these entities that the owner has, in no order. */
  async readEntities(ownerId: string, ids: readonly string[]): Promise<Entity[]> {
    if (ids.length === 0) return [];
    const rows: EntityRow[] = await this.transactions.single.query(
      `SELECT ${ENTITY_COLUMNS} FROM graph_entities AS e WHERE e.id IN (?) AND e.owner_id = ?`,
      [ids, ownerId],
    );
    return rows.map(toEntity);
  }

  /** The ways to write an entity, the commonest first. */
  listAliases(entityId: string, limit: number): Promise<{ surface: string; mention_count: number }[]> {
    return this.transactions.single.query(
      `SELECT surface, mention_count FROM graph_aliases WHERE entity_id = ?
        ORDER BY mention_count DESC, surface LIMIT ?`,
      [entityId, limit],
    );
  }

  async findRelation(ownerId: string, id: string): Promise<Relation | undefined> {
    const rows: RelationRow[] = await this.transactions.single.query(
      `SELECT ${RELATION_COLUMNS} FROM graph_relations WHERE id = ? AND owner_id = ?`,
      [id, ownerId],
    );
    return rows.map(toRelation)[0];
  }

  /** Where chunks name an entity; `after` is chunk and position. */
  listMentions(
    entityId: string,
    after: readonly [chunkId: string, position: number] | undefined,
    limit: number,
  ): Promise<MentionRow[]> {
    const { sql, values } = afterPlace(['chunk_id', 'position'], after);
    return this.transactions.single.query(
      `SELECT m.chunk_id, c.file_id, c.extractor, m.position, m.surface, m.start_offset, m.end_offset
         FROM (SELECT chunk_id, position FROM graph_mentions WHERE entity_id = ? AND ${sql}
                ORDER BY chunk_id, position LIMIT ?) AS page
         JOIN graph_mentions AS m ON m.chunk_id = page.chunk_id AND m.position = page.position
         JOIN graph_chunks AS c ON c.chunk_id = m.chunk_id ORDER BY m.chunk_id, m.position`,
      [entityId, ...values, limit],
    );
  }

  /** The chunks that state a relation, after a chunk. */
  listStatements(relationId: string, after: string | undefined, limit: number): Promise<StatementRow[]> {
    const { sql, values } = afterPlace(['chunk_id'], after === undefined ? undefined : [after]);
    return this.transactions.single.query(
      `SELECT s.chunk_id, c.file_id, c.extractor
         FROM (SELECT chunk_id FROM graph_statements WHERE relation_id = ? AND ${sql}
                ORDER BY chunk_id LIMIT ?) AS s
         JOIN graph_chunks AS c ON c.chunk_id = s.chunk_id ORDER BY s.chunk_id`,
      [relationId, ...values, limit],
    );
  }

  /**
   * The relations of some entities, of each the most often stated: `limitEach` that begin at it, and as many that end.
   * @throws the server's error, for which `isTimeLimitExceeded` is true if it took longer than `limitMs`.
   */
  async listRelations(entityIds: readonly string[], limitEach: number, limitMs: number): Promise<Relation[]> {
    if (entityIds.length === 0) return [];
    const ofEach = entityIds.flatMap((id) => ['from_id', 'to_id'].map((column) => ({ id, column })));
    const selects = ofEach.map(
      ({ column }) =>
        `(SELECT ${RELATION_COLUMNS} FROM graph_relations WHERE ${column} = ?
           ORDER BY statement_count DESC, id DESC LIMIT ?)`,
    );
    const rows = await this.timedReads.query<RelationRow>(
      `SELECT * FROM (${selects.join(' UNION ALL ')}) AS r`,
      ofEach.flatMap(({ id }) => [id, limitEach]),
      limitMs,
    );
    return rows.map(toRelation);
  }
}

function toEntity({ id, type, name, normalised_name, mention_count }: EntityRow): Entity {
  return { id, type, name, normalisedName: normalised_name, mentionCount: mention_count };
}

function toRelation({ id, from_id, to_id, label, statement_count }: RelationRow): Relation {
  return { id, fromId: from_id, toId: to_id, label, statementCount: statement_count };
}
