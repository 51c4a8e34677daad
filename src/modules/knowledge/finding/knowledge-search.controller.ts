import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import {
  type KnowledgeSearchAnswer,
  knowledgeSearchQuerySchema,
  type KnowledgeSearchRequest,
  knowledgeSearchSchema,
  toKnowledgeSearchAnswer,
} from '../dto/knowledge-search.dto.js';
import { PassageSearch } from './passage-search.service.js';

/** How long the embedder is waited for. */
const TIMEOUT_MS = 60_000;

/** Finds passages in one's own documents. */
@ApiTags('Knowledge')
@ApiBearerAuth()
@Controller('api/knowledge/search')
export class KnowledgeSearchController {
  constructor(private readonly passages: PassageSearch) {}

  @Get()
  @RequireScope('files')
  @ApiOperation({
    summary: 'Search your documents',
    description:
      'Ranks passages by their words and by their vectors, and joins both rankings. All that a file was given before is found.',
  })
  @ApiOkResponse({ standardSchema: knowledgeSearchSchema })
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  async search(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: knowledgeSearchQuerySchema }) request: KnowledgeSearchRequest,
  ): Promise<KnowledgeSearchAnswer> {
    const wanted = {
      query: request.q,
      collectionIds: request.collection_id,
      fileIds: request.file_id,
      limit: request.limit,
    };
    return toKnowledgeSearchAnswer(
      await this.passages.search(userId, wanted, AbortSignal.timeout(TIMEOUT_MS)),
    );
  }
}
