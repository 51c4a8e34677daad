import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import { FileService } from '../../file/index.js';
import { CollectionService } from '../collections/collection.service.js';
import {
  type ChunkListQuery,
  chunkListQuerySchema,
  type ChunkPageAnswer,
  chunkPageSchema,
  type FileKnowledgeParams,
  fileKnowledgeParamsSchema,
  readChunkCursor,
  toChunkPage,
} from '../dto/chunk.dto.js';
import {
  type CollectionPageAnswer,
  collectionPageSchema,
  toCollectionAnswer,
} from '../dto/collection.dto.js';
import { ChunkRepository } from './chunk.repository.js';

/** What can be found of a file, and where it is looked for. */
@ApiTags('Knowledge')
@ApiBearerAuth()
@RequireScope('files')
@Controller('api/files')
export class FileKnowledgeController {
  constructor(
    private readonly files: FileService,
    private readonly chunks: ChunkRepository,
    private readonly collections: CollectionService,
  ) {}

  @Get(':id/chunks')
  @ApiOperation({
    summary: 'List the chunks of a file',
    description:
      'In the order of the file; those that can be found now. While it is processed again, the old ones.',
  })
  @ApiOkResponse({ standardSchema: chunkPageSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async listChunks(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileKnowledgeParamsSchema }) { id }: FileKnowledgeParams,
    @Query({ schema: chunkListQuerySchema }) query: ChunkListQuery,
  ): Promise<ChunkPageAnswer> {
    const from = readChunkCursor(query);
    await this.files.find(userId, id);
    return toChunkPage(await this.chunks.listShown(userId, id, from, query.limit + 1), query.limit);
  }

  @Get(':id/collections')
  @ApiOperation({
    summary: 'List the collections that a file is in',
    description: 'All of them, the newest first.',
  })
  @ApiOkResponse({ standardSchema: collectionPageSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async listCollections(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileKnowledgeParamsSchema }) { id }: FileKnowledgeParams,
  ): Promise<CollectionPageAnswer> {
    await this.files.find(userId, id);
    const collections = await this.collections.listWith(userId, id);
    return { items: collections.map(toCollectionAnswer), next_cursor: null };
  }
}
