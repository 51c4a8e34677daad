import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../platform/http/index.js';
import {
  type FileParams,
  fileParamsSchema,
  type FileReceiptAnswer,
  fileReceiptSchema,
  toReceiptAnswer,
} from './dto/file.dto.js';
import { FileProcessingService } from './file-processing.service.js';

const TOO_MANY = { description: '`task_quota_exceeded`, `rate_limited`' };

/** What has been made of a file is made again. While the same is to be done already, its task is the answer. */
@ApiTags('Files')
@ApiBearerAuth()
@Controller('api/files')
@RequireScope('files')
export class FileProcessingController {
  constructor(private readonly processing: FileProcessingService) {}

  @Post(':id/process')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Process a file again',
    description: 'Its chunks, vectors and graph are made again.',
  })
  @ApiAcceptedResponse({ standardSchema: fileReceiptSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  @ApiTooManyRequestsResponse(TOO_MANY)
  async process(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<FileReceiptAnswer> {
    return toReceiptAnswer(await this.processing.submit(userId, id, 'process'));
  }

  @Post(':id/vectorize')
  @HttpCode(202)
  @ApiOperation({ summary: 'Make the vectors of a file again' })
  @ApiAcceptedResponse({ standardSchema: fileReceiptSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  @ApiTooManyRequestsResponse(TOO_MANY)
  async vectorize(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<FileReceiptAnswer> {
    return toReceiptAnswer(await this.processing.submit(userId, id, 'vectorize'));
  }

  @Post(':id/extract-graph')
  @HttpCode(202)
  @ApiOperation({ summary: 'Make the graph of a file again' })
  @ApiAcceptedResponse({ standardSchema: fileReceiptSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  @ApiTooManyRequestsResponse(TOO_MANY)
  async extractGraph(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<FileReceiptAnswer> {
    return toReceiptAnswer(await this.processing.submit(userId, id, 'extractGraph'));
  }
}
