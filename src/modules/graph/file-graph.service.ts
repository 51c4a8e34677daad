import { Injectable } from '@nestjs/common';
import { isTimeLimitExceeded } from '../../platform/database/index.js';
import type { Entity, Relation } from './domain/graph.js';
import { graphQueryTooLarge } from './graph.errors.js';
import { type FileMention, FileGraphRepository } from './file-graph.repository.js';

/** An entity, and where one file names it first. */
export interface FileEntity extends Entity {
  /** At most three. */
  readonly mentions: readonly FileMention[];
}

/** What one file names and states. */
export interface FileGraph {
  /** Those that the file names most often; `mentionCount` counts its own mentions alone. */
  readonly entities: readonly FileEntity[];
  /** Those between these entities that the file states, most often first; `statementCount` counts its own chunks alone. */
  readonly relations: readonly Relation[];
  /** True if the file names or states more. */
  readonly isTruncated: boolean;
}

const TIME_LIMIT_MS = 3_000;
const RELATIONS_AN_ENTITY = 4;
const MENTIONS_AN_ENTITY = 3;

/** Reads the part of an owner's graph that one file has said. */
@Injectable()
export class FileGraphReader {
  constructor(private readonly repository: FileGraphRepository) {}

  /**
   * The entities that a file names most often, at most `limit`, each with its first mentions, and up to four times as many relations between them. Empty
   * if there is no graph of the file, or it is somebody else's.
   * @throws graph_query_too_large after three seconds.
   */
  async read(ownerId: string, fileId: string, limit: number): Promise<FileGraph> {
    const deadline = performance.now() + TIME_LIMIT_MS;
    const entities = await inTime(deadline, (limitMs) =>
      this.repository.listEntities(ownerId, fileId, limit + 1, limitMs),
    );
    const shown = entities.slice(0, limit);
    const ids = shown.map(({ id }) => id);
    const maxRelations = limit * RELATIONS_AN_ENTITY;
    const relations = await inTime(deadline, (limitMs) =>
      this.repository.listRelations(fileId, ids, maxRelations + 1, limitMs),
    );
    const mentions = await inTime(deadline, (limitMs) =>
      this.repository.listMentions(fileId, ids, MENTIONS_AN_ENTITY, limitMs),
    );
    const ofEach = Map.groupBy(mentions, ({ entityId }) => entityId);
    return {
      entities: shown.map((entity) => ({ ...entity, mentions: ofEach.get(entity.id) ?? [] })),
      relations: relations.slice(0, maxRelations),
      isTruncated: entities.length > limit || relations.length > maxRelations,
    };
  }
}

async function inTime<T>(deadline: number, read: (limitMs: number) => Promise<T>): Promise<T> {
  const limitMs = Math.floor(deadline - performance.now());
  if (limitMs <= 0) throw graphQueryTooLarge();
  try {
    return await read(limitMs);
  } catch (error) {
    if (isTimeLimitExceeded(error)) throw graphQueryTooLarge({ cause: error });
    throw error;
  }
}
