import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { idSchema } from '../../shared/ids.js';
import { normaliseQuery, MAX_TAIL_LENGTH } from './domain/entity.js';
import type { Entity } from './domain/graph.js';
import {
  type EntityDetailsDto,
  entityDetailsSchema,
  type EntityListDto,
  type EntityListQuery,
  entityListQuerySchema,
  entityListSchema,
  type GraphParams,
  graphParamsSchema,
  type MentionListDto,
  mentionListSchema,
  type NeighbourhoodDto,
  type NeighbourhoodQuery,
  neighbourhoodQuerySchema,
  neighbourhoodSchema,
  type PageQuery,
  pageQuerySchema,
  type PathDto,
  type PathQuery,
  pathQuerySchema,
  pathSchema,
  type StatementListDto,
  statementListSchema,
  toEntityDto,
  toRelationDto,
} from './dto/graph.dto.js';
import { graphEntityNotFound, graphRelationNotFound } from './graph.errors.js';
import { GraphReadRepository } from './graph-read.repository.js';
import { GraphWalk } from './graph-walk.service.js';

const MAX_ALIASES = 20;

/** Where a list of entities was left off; which list it was is in it too. */
const namePosition = z.tuple([z.literal('name'), z.string(), z.string()]);
const tailPosition = z.tuple([z.literal('tail'), z.string(), idSchema]);
const mentionPosition = z.tuple([idSchema, z.int().min(0)]);
const statementPosition = z.tuple([idSchema]);

@ApiTags('Knowledge graph')
@Controller('api/graph')
@RequireScope('knowledge')
export class GraphController {
  constructor(
    private readonly graph: GraphReadRepository,
    private readonly walk: GraphWalk,
  ) {}

  @Get('entities')
  @ApiOperation({
    summary: 'List or find the entities that your files name',
    description: 'Without `q` in the order of their names, with it in the order of what was found in them.',
  })
  @ApiOkResponse({ standardSchema: entityListSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: entityListQuerySchema }) query: EntityListQuery,
  ): Promise<EntityListDto> {
    return query.q === undefined ? this.listAll(userId, query) : this.find(userId, query.q, query);
  }

  @Get('entities/:id')
  @ApiOperation({ summary: 'Read an entity' })
  @ApiOkResponse({ standardSchema: entityDetailsSchema })
  @ApiNotFoundResponse({ description: '`graph_entity_not_found`' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: graphParamsSchema }) { id }: GraphParams,
  ): Promise<EntityDetailsDto> {
    const entity = await this.findEntity(userId, id);
    const aliases = await this.graph.listAliases(id, MAX_ALIASES);
    return {
      ...toEntityDto(entity),
      aliases: aliases.map(({ surface, mention_count }) => ({ name: surface, mention_count })),
    };
  }

  @Get('entities/:id/mentions')
  @ApiOperation({ summary: 'List where your files name an entity' })
  @ApiOkResponse({ standardSchema: mentionListSchema })
  @ApiNotFoundResponse({ description: '`graph_entity_not_found`' })
  async listMentions(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: graphParamsSchema }) { id }: GraphParams,
    @Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery,
  ): Promise<MentionListDto> {
    await this.findEntity(userId, id);
    const after = cursor === undefined ? undefined : decodeCursor(cursor, mentionPosition);
    const page = pageOf(await this.graph.listMentions(id, after, limit + 1), limit, (row) => [
      row.chunk_id,
      row.position,
    ]);
    return {
      items: page.items.map(({ chunk_id, file_id, extractor, surface, start_offset, end_offset }) => ({
        chunk_id,
        file_id,
        extractor,
        text: surface,
        start: start_offset,
        end: end_offset,
      })),
      next_cursor: page.next_cursor,
    };
  }

  @Get('entities/:id/neighbourhood')
  @ApiOperation({
    summary: 'Read what is around an entity',
    description: 'Relations are followed in both directions.',
  })
  @ApiOkResponse({ standardSchema: neighbourhoodSchema })
  @ApiNotFoundResponse({ description: '`graph_entity_not_found`' })
  @ApiServiceUnavailableResponse({ description: '`graph_query_too_large`, after three seconds' })
  async readNeighbourhood(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: graphParamsSchema }) { id }: GraphParams,
    @Query({ schema: neighbourhoodQuerySchema }) { depth, limit }: NeighbourhoodQuery,
  ): Promise<NeighbourhoodDto> {
    const { entities, relations, isTruncated } = await this.walk.neighbourhood(userId, id, depth, limit);
    return {
      entities: entities.map((entity) => ({ ...toEntityDto(entity), distance: entity.distance })),
      relations: relations.map(toRelationDto),
      is_truncated: isTruncated,
    };
  }

  @Get('relations/:id/mentions')
  @ApiOperation({ summary: 'List which chunks of your files state a relation' })
  @ApiOkResponse({ standardSchema: statementListSchema })
  @ApiNotFoundResponse({ description: '`graph_relation_not_found`' })
  async listStatements(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: graphParamsSchema }) { id }: GraphParams,
    @Query({ schema: pageQuerySchema }) { cursor, limit }: PageQuery,
  ): Promise<StatementListDto> {
    if (!(await this.graph.findRelation(userId, id))) throw graphRelationNotFound();
    const after = cursor === undefined ? undefined : decodeCursor(cursor, statementPosition)[0];
    return pageOf(await this.graph.listStatements(id, after, limit + 1), limit, (row) => [row.chunk_id]);
  }

  @Get('path')
  @ApiOperation({
    summary: 'Find a shortest path between two entities',
    description: 'Relations are followed in both directions.',
  })
  @ApiOkResponse({ standardSchema: pathSchema })
  @ApiNotFoundResponse({ description: '`graph_entity_not_found`' })
  @ApiServiceUnavailableResponse({ description: '`graph_query_too_large`, after three seconds' })
  async findPath(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: pathQuerySchema }) { from, to, max_length }: PathQuery,
  ): Promise<PathDto> {
    const { entities, relations, isExhaustive } = await this.walk.findPath(userId, from, to, max_length);
    return {
      entities: entities.map(toEntityDto),
      relations: relations.map(toRelationDto),
      is_exhaustive: isExhaustive,
    };
  }

  private async listAll(ownerId: string, { type, cursor, limit }: EntityListQuery): Promise<EntityListDto> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, namePosition).slice(1);
    const rows = await this.graph.listEntities({ ownerId, type, after, limit: limit + 1 });
    const page = pageOf(rows, limit, (row) => ['name', row.normalisedName, row.type]);
    return { items: page.items.map(toEntityDto), next_cursor: page.next_cursor };
  }

  private async find(
    ownerId: string,
    q: string,
    { type, cursor, limit }: EntityListQuery,
  ): Promise<EntityListDto> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, tailPosition).slice(1);
    const beginning = normaliseQuery(q).slice(0, MAX_TAIL_LENGTH).toWellFormed();
    if (beginning === '') return { items: [], next_cursor: null };
    const rows = await this.graph.findEntities(beginning, { ownerId, type, after, limit: limit + 1 });
    const page = pageOf(rows, limit, (row) => ['tail', row.tail, row.id]);
    return { items: page.items.map(toEntityDto), next_cursor: page.next_cursor };
  }

  /** @throws graph_entity_not_found */
  private async findEntity(ownerId: string, id: string): Promise<Entity> {
    const [entity] = await this.graph.readEntities(ownerId, [id]);
    if (!entity) throw graphEntityNotFound();
    return entity;
  }
}

/** One more than the page has been read: it says whether there is another. */
function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => (string | number)[],
): { items: Row[]; next_cursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > limit && last ? encodeCursor(positionOf(last)) : null };
}
