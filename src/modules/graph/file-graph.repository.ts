import { Injectable } from '@nestjs/common';
import { TimedReads } from '../../platform/database/index.js';
import type { EntityType } from './domain/entity.js';
import type { Entity, Relation } from './domain/graph.js';

interface EntityRow {
  id: string;
  type: EntityType;
  name: string;
  normalised_name: string;
  n: string;
}

interface RelationRow {
  id: string;
  from_id: string;
  to_id: string;
  label: string;
  n: string;
}

/** Where a file names an entity. */
export interface FileMention {
  readonly entityId: string;
  readonly chunkId: string;
  readonly extractor: string;
  /** As it is written there. */
  readonly text: string;
  /** In UTF-16 units of the text of the chunk. */
  readonly start: number;
  readonly end: number;
}

interface MentionRow {
  entity_id: string;
  chunk_id: string;
  extractor: string;
  surface: string;
  start_offset: number;
  end_offset: number;
}

/** Reads what one file says. All that it says is counted, so each read has a time limit. */
@Injectable()
export class FileGraphRepository {
  constructor(private readonly timedReads: TimedReads) {}

  /** The entities that a file of the owner names, the most often named first. */
  async listEntities(ownerId: string, fileId: string, limit: number, limitMs: number): Promise<Entity[]> {
    const rows = await this.timedReads.query<EntityRow>(
      `SELECT e.id, e.type, e.name, e.normalised_name, counted.n FROM (
         SELECT m.entity_id, COUNT(*) AS n FROM graph_files AS f
           JOIN graph_chunks AS c ON c.file_id = f.file_id JOIN graph_mentions AS m ON m.chunk_id = c.chunk_id
          WHERE f.file_id = ? AND f.owner_id = ?
          GROUP BY m.entity_id ORDER BY n DESC, m.entity_id LIMIT ?) AS counted
         JOIN graph_entities AS e ON e.id = counted.entity_id ORDER BY counted.n DESC, e.id`,
      [fileId, ownerId, limit],
      limitMs,
    );
    return rows.map(({ id, type, name, normalised_name, n }) => ({
      id,
      type,
      name,
      normalisedName: normalised_name,
      mentionCount: Number(n),
    }));
  }

  /** Of each of these entities the first mentions in a file, `limitEach` at most. */
  async listMentions(
    fileId: string,
    entityIds: readonly string[],
    limitEach: number,
    limitMs: number,
  ): Promise<FileMention[]> {
    if (entityIds.length === 0) return [];
    const rows = await this.timedReads.query<MentionRow>(
      `SELECT entity_id, chunk_id, extractor, surface, start_offset, end_offset FROM (
         SELECT m.entity_id, m.chunk_id, c.extractor, m.surface, m.start_offset, m.end_offset,
                ROW_NUMBER() OVER (PARTITION BY m.entity_id ORDER BY m.chunk_id, m.position) AS n
           FROM graph_chunks AS c JOIN graph_mentions AS m ON m.chunk_id = c.chunk_id
          WHERE c.file_id = ? AND m.entity_id IN (?)) AS numbered
        WHERE n <= ? ORDER BY entity_id, n`,
      [fileId, entityIds, limitEach],
      limitMs,
    );
    return rows.map((row) => ({
      entityId: row.entity_id,
      chunkId: row.chunk_id,
      extractor: row.extractor,
      text: row.surface,
      start: row.start_offset,
      end: row.end_offset,
    }));
  }

  /** The relations between these entities that a file states, the most often stated first. */
  async listRelations(
    fileId: string,
    entityIds: readonly string[],
    limit: number,
    limitMs: number,
  ): Promise<Relation[]> {
    if (entityIds.length === 0) return [];
    const rows = await this.timedReads.query<RelationRow>(
      `SELECT r.id, r.from_id, r.to_id, r.label, COUNT(*) AS n FROM graph_chunks AS c
         JOIN graph_statements AS s ON s.chunk_id = c.chunk_id JOIN graph_relations AS r ON r.id = s.relation_id
        WHERE c.file_id = ? AND r.from_id IN (?) AND r.to_id IN (?)
        GROUP BY r.id, r.from_id, r.to_id, r.label ORDER BY n DESC, r.id LIMIT ?`,
      [fileId, entityIds, entityIds, limit],
      limitMs,
    );
    return rows.map(({ id, from_id, to_id, label, n }) => ({
      id,
      fromId: from_id,
      toId: to_id,
      label,
      statementCount: Number(n),
    }));
  }
}
