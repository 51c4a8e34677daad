import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import { FileService } from '../file/index.js';
import {
  type FileGraphDto,
  type FileGraphQuery,
  fileGraphQuerySchema,
  fileGraphSchema,
  type GraphParams,
  graphParamsSchema,
  toFileGraphDto,
} from './dto/graph.dto.js';
import { FileGraphReader } from './file-graph.service.js';

/** What a file of one's own says. */
@ApiTags('Knowledge graph')
@ApiBearerAuth()
@Controller('api/files')
@RequireScope('knowledge')
export class FileGraphController {
  constructor(
    private readonly files: FileService,
    private readonly graph: FileGraphReader,
  ) {}

  @Get(':id/graph')
  @ApiOperation({
    summary: 'Read what a file says',
    description:
      'The entities that it names most often, where, and the relations between them that it states.',
  })
  @ApiOkResponse({ standardSchema: fileGraphSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  @ApiServiceUnavailableResponse({ description: '`graph_query_too_large`, after three seconds' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: graphParamsSchema }) { id }: GraphParams,
    @Query({ schema: fileGraphQuerySchema }) { limit }: FileGraphQuery,
  ): Promise<FileGraphDto> {
    await this.files.find(userId, id);
    return toFileGraphDto(await this.graph.read(userId, id, limit));
  }
}
