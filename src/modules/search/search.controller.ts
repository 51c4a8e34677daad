import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { invalidRequest } from '../../platform/errors/index.js';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import {
  type SearchPageDto,
  searchPageSchema,
  searchQuerySchema,
  type SearchRequest,
} from './dto/search.dto.js';
import { ExactSearch, type SearchHit, type SearchPage } from './exact-search.service.js';
import { SemanticSearch } from './semantic-search.service.js';

/** How long an answer of the embedder is waited for. */
const SEMANTIC_TIMEOUT_MS = 60_000;

const position = z.tuple([
  z
    .string()
    .regex(/^\d{1,20}$/)
    .transform(BigInt),
]);

@ApiTags('Conversations')
@Controller('api/conversations/search')
export class SearchController {
  constructor(
    private readonly exact: ExactSearch,
    private readonly semantic: SemanticSearch,
  ) {}

  @Get()
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'Search your messages',
    description:
      'Finds saved messages, usually within a second after they were saved. Exact: whole words, and in scripts without ' +
      'spaces any run of characters; upper and lower case, full and half width are the same. Semantic: the newest ' +
      '20,000 messages are compared.',
  })
  @ApiOkResponse({ standardSchema: searchPageSchema })
  async search(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: searchQuerySchema }) query: SearchRequest,
  ): Promise<SearchPageDto> {
    const page =
      query.mode === 'exact'
        ? await this.searchExact(principal.userId, query)
        : await this.searchSemantic(principal.userId, query);
    return {
      items: page.hits.map(toDto),
      next_cursor: page.next === null ? null : encodeCursor([page.next.toString()]),
    };
  }

  private searchExact(userId: string, { q, limit, cursor }: SearchRequest): Promise<SearchPage> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, position)[0];
    return this.exact.search(userId, q, limit, before);
  }

  private async searchSemantic(userId: string, { q, limit, cursor }: SearchRequest): Promise<SearchPage> {
    if (cursor !== undefined) {
      throw invalidRequest({ detail: 'A semantic search has one page and no cursor.', param: 'cursor' });
    }
    const signal = AbortSignal.timeout(SEMANTIC_TIMEOUT_MS);
    return { hits: await this.semantic.search(userId, q, limit, signal), next: null };
  }
}

function toDto({ message, snippet, score }: SearchHit): SearchPageDto['items'][number] {
  return {
    message_id: message.id,
    conversation_id: message.conversation_id,
    conversation_title: message.conversation_title,
    turn_id: message.turn_id,
    role: message.role,
    created_at: message.created_at.toISOString(),
    snippet,
    score: score === null ? null : Math.round(score * 10_000) / 10_000,
  };
}
