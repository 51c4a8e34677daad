import { Injectable } from '@nestjs/common';
import { isTimeLimitExceeded } from '../../platform/database/index.js';
import { type Entity, otherEndOf, type Relation } from './domain/graph.js';
import { graphEntityNotFound, graphQueryTooLarge } from './graph.errors.js';
import { GraphReadRepository } from './graph-read.repository.js';

/** An entity, and how many relations it is away. */
export interface Neighbour extends Entity {
  readonly distance: number;
}

export interface Neighbourhood {
  /** The nearest first; the one in the middle is at 0. */
  readonly entities: readonly Neighbour[];
  /** Those between these entities that were met, the most often stated first. */
  readonly relations: readonly Relation[];
  /** True if there is more than was looked at or is shown. */
  readonly isTruncated: boolean;
}

export interface Path {
  /** From the one to the other; empty if none was found. */
  readonly entities: readonly Entity[];
  /** Each between two of them, in the same order. */
  readonly relations: readonly Relation[];
  /** True if all there is was looked at: a shorter one there is not, and none at all if none was found. */
  readonly isExhaustive: boolean;
}

/** What one question may cost. */
const TIME_LIMIT_MS = 3_000;
const RELATIONS_EACH = 50;
const ENTITIES_A_READ = 50;
const MAX_VISITED = 2_000;

/** One side of the search for a path: by which relation each entity was reached. */
interface Side {
  readonly reachedBy: Map<string, Relation | undefined>;
  frontier: string[];
}

/** Walks along relations, in either direction. */
@Injectable()
export class GraphWalk {
  constructor(private readonly repository: GraphReadRepository) {}

  /**
   * What is around an entity, up to `depth` relations away and `limit` entities in all, those first that are nearer and
   * that more chunks relate to what was found before.
   * @throws graph_entity_not_found; graph_query_too_large after three seconds.
   */
  async neighbourhood(ownerId: string, id: string, depth: number, limit: number): Promise<Neighbourhood> {
    const [centre] = await this.repository.readEntities(ownerId, [id]);
    if (!centre) throw graphEntityNotFound();
    const deadline = performance.now() + TIME_LIMIT_MS;
    const distances = new Map([[id, 0]]);
    const relations = new Map<string, Relation>();
    let frontier = [id];
    let isTruncated = false;
    for (let distance = 1; distance <= depth && frontier.length > 0; distance++) {
      const found = await this.relationsOf(frontier, deadline);
      isTruncated ||= found.isTruncated;
      const reached: string[] = [];
      for (const relation of found.relations) {
        relations.set(relation.id, relation);
        for (const end of [relation.fromId, relation.toId].filter((end) => !distances.has(end))) {
          if (distances.size === limit) isTruncated = true;
          else {
            distances.set(end, distance);
            reached.push(end);
          }
        }
      }
      frontier = reached;
    }
    return this.describe(ownerId, distances, relations, isTruncated);
  }

  /**
   * A shortest path of at most `maxLength` relations between two entities. Of each entity the fifty relations in each direction are
   * looked at that most chunks state, and two thousand entities in all.
   * @throws graph_entity_not_found; graph_query_too_large after three seconds.
   */
  async findPath(ownerId: string, fromId: string, toId: string, maxLength: number): Promise<Path> {
    const ends = await this.repository.readEntities(ownerId, [fromId, toId]);
    if (ends.length < new Set([fromId, toId]).size) throw graphEntityNotFound();
    const deadline = performance.now() + TIME_LIMIT_MS;
    const sides = [sideAt(fromId), sideAt(toId)] as const;
    let isExhaustive = true;
    let meeting = fromId === toId ? fromId : undefined;
    for (let length = 0; length < maxLength && meeting === undefined; length++) {
      const [near, far] = inOrderOfSize(sides);
      if (near.frontier.length === 0) break;
      const found = await this.relationsOf(near.frontier, deadline);
      isExhaustive &&= !found.isTruncated;
      meeting = advance(near, far, found.relations);
      if (near.reachedBy.size + far.reachedBy.size > MAX_VISITED) {
        isExhaustive = false;
        break;
      }
    }
    if (meeting === undefined) return { entities: [], relations: [], isExhaustive };
    const steps = stepsThrough(sides, meeting);
    const entities = await this.repository.readEntities(ownerId, steps.ids);
    const byId = new Map(entities.map((entity) => [entity.id, entity]));
    const inOrder = steps.ids.map((id) => byId.get(id)).filter((entity) => entity !== undefined);
    // A file that was removed meanwhile has taken a part of the path with it.
    if (inOrder.length < steps.ids.length) return { entities: [], relations: [], isExhaustive: false };
    return { entities: inOrder, relations: steps.relations, isExhaustive };
  }

  /** The relations of entities, each once, the most often stated first; and whether there may be more. */
  private async relationsOf(
    ids: readonly string[],
    deadline: number,
  ): Promise<{ relations: Relation[]; isTruncated: boolean }> {
    const relations = new Map<string, Relation>();
    for (let start = 0; start < ids.length; start += ENTITIES_A_READ) {
      const limitMs = Math.floor(deadline - performance.now());
      if (limitMs <= 0) throw graphQueryTooLarge();
      const some = await this.readTimed(ids.slice(start, start + ENTITIES_A_READ), limitMs);
      for (const relation of some) relations.set(relation.id, relation);
    }
    const inOrder = [...relations.values()].sort(
      (a, b) => b.statementCount - a.statementCount || (a.id < b.id ? -1 : 1),
    );
    return { relations: inOrder, isTruncated: hasMoreThanRead(ids, inOrder) };
  }

  private async readTimed(ids: readonly string[], limitMs: number): Promise<Relation[]> {
    try {
      return await this.repository.listRelations(ids, RELATIONS_EACH + 1, limitMs);
    } catch (error) {
      if (isTimeLimitExceeded(error)) throw graphQueryTooLarge({ cause: error });
      throw error;
    }
  }

  private async describe(
    ownerId: string,
    distances: ReadonlyMap<string, number>,
    relations: ReadonlyMap<string, Relation>,
    isTruncated: boolean,
  ): Promise<Neighbourhood> {
    const rows = await this.repository.readEntities(ownerId, [...distances.keys()]);
    const byId = new Map(rows.map((entity) => [entity.id, entity]));
    const entities = [...distances].flatMap(([id, distance]): Neighbour[] => {
      const entity = byId.get(id);
      return entity ? [{ ...entity, distance }] : [];
    });
    const shown = [...relations.values()].filter(({ fromId, toId }) => byId.has(fromId) && byId.has(toId));
    return { entities, relations: shown, isTruncated };
  }
}

/** Whether one of these entities begins or ends more relations than are read of each. */
function hasMoreThanRead(ids: readonly string[], relations: readonly Relation[]): boolean {
  const asked = new Set(ids);
  const counts = new Map<string, number>();
  for (const { fromId, toId } of relations) {
    if (asked.has(fromId)) counts.set(`from ${fromId}`, (counts.get(`from ${fromId}`) ?? 0) + 1);
    if (asked.has(toId)) counts.set(`to ${toId}`, (counts.get(`to ${toId}`) ?? 0) + 1);
  }
  return [...counts.values()].some((count) => count > RELATIONS_EACH);
}

function sideAt(id: string): Side {
  return { reachedBy: new Map([[id, undefined]]), frontier: [id] };
}

/** The side with less to look at goes on. */
function inOrderOfSize([first, second]: readonly [Side, Side]): readonly [Side, Side] {
  return second.frontier.length < first.frontier.length ? [second, first] : [first, second];
}

/** Goes one relation further on one side. @returns an entity that the other side has reached too, if there is one now. */
function advance(side: Side, other: Side, relations: readonly Relation[]): string | undefined {
  const frontier = new Set(side.frontier);
  const reached: string[] = [];
  for (const relation of relations) {
    for (const [here, there] of [
      [relation.fromId, relation.toId],
      [relation.toId, relation.fromId],
    ] as const) {
      if (!frontier.has(here) || side.reachedBy.has(there)) continue;
      side.reachedBy.set(there, relation);
      reached.push(there);
    }
  }
  side.frontier = reached;
  return reached.find((id) => other.reachedBy.has(id));
}

/** The way from the beginning of the first side to that of the second. */
function stepsThrough(
  [from, to]: readonly [Side, Side],
  meeting: string,
): { ids: string[]; relations: Relation[] } {
  const back = wayBack(from, meeting);
  const on = wayBack(to, meeting);
  return {
    ids: [...back.ids.toReversed(), meeting, ...on.ids],
    relations: [...back.relations.toReversed(), ...on.relations],
  };
}

function wayBack({ reachedBy }: Side, meeting: string): { ids: string[]; relations: Relation[] } {
  const ids: string[] = [];
  const relations: Relation[] = [];
  let id = meeting;
  for (let relation = reachedBy.get(id); relation; relation = reachedBy.get(id)) {
    relations.push(relation);
    id = otherEndOf(relation, id);
    ids.push(id);
  }
  return { ids, relations };
}
