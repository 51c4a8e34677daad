import { Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  CurrentPrincipal,
  Form,
  HttpRoute,
  type Principal,
  RequireScope,
  type UnreadForm,
} from '../../platform/http/index.js';
import {
  type FileAnswer,
  type FileListQuery,
  fileListQuerySchema,
  type FilePageAnswer,
  filePageSchema,
  type FileParams,
  fileParamsSchema,
  type FileReceiptAnswer,
  fileReceiptSchema,
  fileSchema,
  readFileCursor,
  toFileAnswer,
  toFilePageAnswer,
  toReceiptAnswer,
  uploadForm,
} from './dto/file.dto.js';
import { FileService } from './file.service.js';
import { FileProgress } from './progress/file-progress.service.js';
import { FileRemoval } from './removal/file-removal.service.js';
import { FileUploadService } from './upload/file-upload.service.js';

const CREATED = 201;
const OK = 200;

@ApiTags('Files')
@ApiBearerAuth()
@Controller('api/files')
@RequireScope('files')
export class FileController {
  constructor(
    private readonly uploads: FileUploadService,
    private readonly files: FileService,
    private readonly progress: FileProgress,
    private readonly removal: FileRemoval,
  ) {}

  @Post()
  @HttpRoute({ hasForm: true })
  @ApiOperation({
    summary: 'Upload a file',
    description:
      'Text, Markdown, HTML, CSV, JSON, PDF, DOCX, PPTX, XLSX or EPUB, by what is in the file, whatever it is called. ' +
      'A task then makes it searchable. Content that you have already is answered 200 with the file that has it.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: uploadForm })
  @ApiCreatedResponse({ standardSchema: fileReceiptSchema })
  @ApiOkResponse({ standardSchema: fileReceiptSchema, description: 'You have this content already.' })
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  @ApiConflictResponse({ description: '`file_quota_exceeded`, with what there is and may be in `details`' })
  @ApiPayloadTooLargeResponse({ description: '`file_too_large`, with `details.max_bytes`' })
  @ApiUnsupportedMediaTypeResponse({ description: '`file_type_unsupported`, `unsupported_media_type`' })
  @ApiUnprocessableEntityResponse({ description: '`file_empty`, `invalid_request`' })
  @ApiTooManyRequestsResponse({ description: '`too_many_uploads`, `task_quota_exceeded`, `rate_limited`' })
  @ApiServiceUnavailableResponse({
    description: '`storage_full`, `storage_unavailable`, `service_unavailable`',
  })
  async upload(
    @CurrentPrincipal() { userId }: Principal,
    @Form() form: UnreadForm,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FileReceiptAnswer> {
    const receipt = await this.uploads.upload(userId, form);
    reply.status(receipt.isDuplicate ? OK : CREATED);
    return toReceiptAnswer(receipt);
  }

  @Get()
  @ApiOperation({ summary: 'List your files', description: 'The newest first.' })
  @ApiOkResponse({ standardSchema: filePageSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: fileListQuerySchema }) { id: ids, status, limit, cursor }: FileListQuery,
  ): Promise<FilePageAnswer> {
    const beforeId = readFileCursor(cursor);
    return toFilePageAnswer(await this.files.list(userId, { ids, status, beforeId, limit }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read what is known of a file' })
  @ApiOkResponse({ standardSchema: fileSchema })
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<FileAnswer> {
    return toFileAnswer(await this.progress.settle(await this.files.find(userId, id)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a file',
    description:
      'It is gone at once for you and for every search. What was made of it, and its bytes, are removed then, by a worker ' +
      'if something fails.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`file_not_found`' })
  async remove(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: fileParamsSchema }) { id }: FileParams,
  ): Promise<void> {
    await this.removal.deleteFile(userId, id);
  }
}
