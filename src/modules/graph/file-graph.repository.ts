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
