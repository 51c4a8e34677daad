import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import {
  type NamedChunksAnswer,
  type NamedChunksQuery,
  namedChunksQuerySchema,
  namedChunksSchema,
  toNamedChunks,
} from '../dto/chunk.dto.js';
import { ChunkRepository } from './chunk.repository.js';

/** Chunks by their ids, whatever has named them: a mention in the graph, a citation. */
@ApiTags('Knowledge')
@ApiBearerAuth()
@RequireScope('files')
@Controller('api/knowledge/chunks')
export class ChunkController {
  constructor(private readonly chunks: ChunkRepository) {}

  @Get()
  @ApiOperation({
    summary: 'Read chunks of your files',
    description: 'What is not there, or is somebody else’s, is left out.',
  })
  @ApiOkResponse({ standardSchema: namedChunksSchema })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: namedChunksQuerySchema }) { id: ids }: NamedChunksQuery,
  ): Promise<NamedChunksAnswer> {
    return toNamedChunks(await this.chunks.findShown(userId, ids), ids);
  }
}
