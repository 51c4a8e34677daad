import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/index.js';
import { entityIdOf, relationIdOf, tailsOf } from './domain/entity.js';
import type { Extraction, Mention, StatedRelation } from './domain/extraction.js';

/** What a change has touched: it may have nothing left that names it. */
interface Touched {
  readonly entityIds: readonly string[];
  readonly relationIds: readonly string[];
}

/** What a chunk says, as rows. */
interface ChunkRows {
  readonly mentions: readonly (Mention & { readonly entityId: string })[];
  readonly relations: readonly (StatedRelation & Readonly<Record<'id' | 'fromId' | 'toId', string>>)[];
}

/**
 * Writes what chunks say. Counters change in the transaction that adds or takes away what they count, so that what only
 * one chunk has said goes with it, and what others say too stays.
 */
@Injectable()
export class GraphRepository {
  /** Puts what a chunk says in the place of what it said before. */
  async replaceChunk(
    transaction: Transaction,
    ownerId: string,
    chunkId: string,
    extraction: Extraction,
  ): Promise<void> {
    const rows = toRows(ownerId, extraction);
    const before = await findTouched(transaction, [chunkId]);
    const entityIds = unique([...before.entityIds, ...rows.mentions.map(({ entityId }) => entityId)]);
    await lockEntities(transaction, entityIds);
    await subtract(transaction, [chunkId]);
    await addEntities(transaction, ownerId, rows.mentions);
    await addRelations(transaction, ownerId, rows.relations);
    await addProvenance(transaction, chunkId, rows);
    await settle(transaction, { entityIds, relationIds: before.relationIds });
  }

  /** Takes away what chunks say. */
  async removeChunks(transaction: Transaction, chunkIds: readonly string[]): Promise<void> {
    const touched = await findTouched(transaction, chunkIds);
    await lockEntities(transaction, touched.entityIds);
    await subtract(transaction, chunkIds);
    await settle(transaction, touched);
  }
}

function toRows(ownerId: string, { mentions, relations }: Extraction): ChunkRows {
  return {
    mentions: mentions.map((mention) => ({ ...mention, entityId: entityIdOf(ownerId, mention.entity) })),
    relations: relations.map((relation) => {
      const fromId = entityIdOf(ownerId, relation.from);
      const toId = entityIdOf(ownerId, relation.to);
      return { ...relation, fromId, toId, id: relationIdOf(ownerId, fromId, relation.label, toId) };
    }),
  };
}

async function findTouched(transaction: Transaction, chunkIds: readonly string[]): Promise<Touched> {
  const entities: { entity_id: string }[] = await transaction.query(
    'SELECT DISTINCT entity_id FROM graph_mentions WHERE chunk_id IN (?)',
    [chunkIds],
  );
  const relations: { relation_id: string }[] = await transaction.query(
    'SELECT DISTINCT relation_id FROM graph_statements WHERE chunk_id IN (?)',
    [chunkIds],
  );
  return {
    entityIds: entities.map(({ entity_id }) => entity_id),
    relationIds: relations.map(({ relation_id }) => relation_id),
  };
}

/** Everything else of an entity changes under the lock of its row; always in one order, so that two files can be read at once. */
async function lockEntities(transaction: Transaction, entityIds: readonly string[]): Promise<void> {
  if (entityIds.length === 0) return;
  await transaction.query('SELECT id FROM graph_entities WHERE id IN (?) ORDER BY id FOR UPDATE', [
    entityIds,
  ]);
}

/** Takes what chunks say off the counters, and forgets that they say it. */
async function subtract(transaction: Transaction, chunkIds: readonly string[]): Promise<void> {
  await transaction.query(
    `UPDATE graph_entities AS e JOIN (
       SELECT entity_id, COUNT(*) AS n FROM graph_mentions WHERE chunk_id IN (?) GROUP BY entity_id) AS m
       ON m.entity_id = e.id SET e.mention_count = e.mention_count - m.n`,
    [chunkIds],
  );
  await transaction.query(
    `UPDATE graph_aliases AS a JOIN (
       SELECT entity_id, surface, COUNT(*) AS n FROM graph_mentions WHERE chunk_id IN (?)
        GROUP BY entity_id, surface) AS m
       ON m.entity_id = a.entity_id AND m.surface = a.surface SET a.mention_count = a.mention_count - m.n`,
    [chunkIds],
  );
  await transaction.query(
    `UPDATE graph_relations AS r JOIN (
       SELECT relation_id, COUNT(*) AS n FROM graph_statements WHERE chunk_id IN (?) GROUP BY relation_id) AS s
       ON s.relation_id = r.id SET r.statement_count = r.statement_count - s.n`,
    [chunkIds],
  );
  await transaction.query('DELETE FROM graph_mentions WHERE chunk_id IN (?)', [chunkIds]);
  await transaction.query('DELETE FROM graph_statements WHERE chunk_id IN (?)', [chunkIds]);
}

async function addEntities(
  transaction: Transaction,
  ownerId: string,
  mentions: ChunkRows['mentions'],
): Promise<void> {
  if (mentions.length === 0) return;
  const byEntity = [...Map.groupBy(mentions, ({ entityId }) => entityId)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  await transaction.query(
    `INSERT INTO graph_entities (id, owner_id, type, normalised_name, name, mention_count) VALUES ?
     ON DUPLICATE KEY UPDATE mention_count = mention_count + VALUES(mention_count)`,
    [
      byEntity.map(([id, named]) => {
        const { type, normalised } = named[0]!.entity;
        return [id, ownerId, type, normalised, named[0]!.surface, named.length];
      }),
    ],
  );
  const aliases = byEntity.flatMap(([id, named]) =>
    [...Map.groupBy(named, ({ surface }) => surface)].map(([surface, ways]) => [id, surface, ways.length]),
  );
  await transaction.query(
    `INSERT INTO graph_aliases (entity_id, surface, mention_count) VALUES ?
     ON DUPLICATE KEY UPDATE mention_count = mention_count + VALUES(mention_count)`,
    [aliases],
  );
  await addTails(transaction, ownerId, new Map(byEntity.map(([id, named]) => [id, named[0]!])));
}

/** An entity that has the first of its tails has all. */
async function addTails(
  transaction: Transaction,
  ownerId: string,
  entities: ReadonlyMap<string, Mention>,
): Promise<void> {
  const rows: { entity_id: string }[] = await transaction.query(
    'SELECT entity_id FROM graph_entity_tails WHERE entity_id IN (?) AND position = 0',
    [[...entities.keys()]],
  );
  const known = new Set(rows.map(({ entity_id }) => entity_id));
  const tails = [...entities].flatMap(([id, { entity }]) =>
    known.has(id)
      ? []
      : tailsOf(entity.normalised).map((tail, position) => [id, position, ownerId, entity.type, tail]),
  );
  if (tails.length === 0) return;
  await transaction.query(
    'INSERT INTO graph_entity_tails (entity_id, position, owner_id, type, tail) VALUES ?',
    [tails],
  );
}

async function addRelations(
  transaction: Transaction,
  ownerId: string,
  relations: ChunkRows['relations'],
): Promise<void> {
  if (relations.length === 0) return;
  const inOrder = [...relations].sort((a, b) => (a.id < b.id ? -1 : 1));
  await transaction.query(
    `INSERT INTO graph_relations (id, owner_id, from_id, to_id, label, statement_count) VALUES ?
     ON DUPLICATE KEY UPDATE statement_count = statement_count + 1`,
    [inOrder.map(({ id, fromId, toId, label }) => [id, ownerId, fromId, toId, label, 1])],
  );
}

async function addProvenance(
  transaction: Transaction,
  chunkId: string,
  { mentions, relations }: ChunkRows,
): Promise<void> {
  if (mentions.length > 0) {
    await transaction.query(
      `INSERT INTO graph_mentions (chunk_id, position, entity_id, surface, start_offset, end_offset) VALUES ?`,
      [mentions.map(({ entityId, surface, start, end }, at) => [chunkId, at, entityId, surface, start, end])],
    );
  }
  if (relations.length === 0) return;
  await transaction.query('INSERT INTO graph_statements (chunk_id, relation_id) VALUES ?', [
    relations.map(({ id }) => [chunkId, id]),
  ]);
}

/** Drops what nothing names any more, and calls the rest what it is called most often now. */
async function settle(transaction: Transaction, { entityIds, relationIds }: Touched): Promise<void> {
  if (relationIds.length > 0) {
    await transaction.query('DELETE FROM graph_relations WHERE id IN (?) AND statement_count = 0', [
      relationIds,
    ]);
  }
  if (entityIds.length === 0) return;
  await transaction.query('DELETE FROM graph_aliases WHERE entity_id IN (?) AND mention_count = 0', [
    entityIds,
  ]);
  await transaction.query(
    `DELETE t FROM graph_entity_tails AS t JOIN graph_entities AS e ON e.id = t.entity_id
      WHERE t.entity_id IN (?) AND e.mention_count = 0`,
    [entityIds],
  );
  await transaction.query('DELETE FROM graph_entities WHERE id IN (?) AND mention_count = 0', [entityIds]);
  await transaction.query(
    `UPDATE graph_entities AS e SET e.name = (
       SELECT a.surface FROM graph_aliases AS a WHERE a.entity_id = e.id
        ORDER BY a.mention_count DESC, a.surface LIMIT 1)
      WHERE e.id IN (?)`,
    [entityIds],
  );
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
