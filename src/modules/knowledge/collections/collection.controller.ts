import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import {
  type CollectionAnswer,
  type CollectionBody,
  collectionBodySchema,
  type CollectionPageAnswer,
  collectionPageSchema,
  type CollectionParams,
  collectionParamsSchema,
  collectionSchema,
  type MemberPageAnswer,
  memberPageSchema,
  type MemberParams,
  memberParamsSchema,
  type PageQuery,
  pageQuerySchema,
  readCollectionCursor,
  readMemberCursor,
  toCollectionAnswer,
  toCollectionPage,
  toMemberPage,
} from '../dto/collection.dto.js';
import { CollectionService } from './collection.service.js';

/** Named sets of one's own files, which are searched together. */
@ApiTags('Knowledge')
@ApiBearerAuth()
@RequireScope('files')
@Controller('api/collections')
export class CollectionController {
  constructor(private readonly collections: CollectionService) {}

  @Post()
  @ApiOperation({ summary: 'Make a collection' })
  @ApiCreatedResponse({ standardSchema: collectionSchema })
  @ApiConflictResponse({
    description: '`collection_name_taken`; `collection_limit_reached`, with `details.limit`',
  })
  async create(
    @CurrentPrincipal() { userId }: Principal,
    @Body({ schema: collectionBodySchema }) { name }: CollectionBody,
  ): Promise<CollectionAnswer> {
    return toCollectionAnswer(await this.collections.create(userId, name.toWellFormed()));
  }

  @Get()
  @ApiOperation({ summary: 'List your collections, the newest first' })
  @ApiOkResponse({ standardSchema: collectionPageSchema })
  async list(
    @CurrentPrincipal() { userId }: Principal,
    @Query({ schema: pageQuerySchema }) { limit, cursor }: PageQuery,
  ): Promise<CollectionPageAnswer> {
    return toCollectionPage(
      await this.collections.list(userId, readCollectionCursor(cursor), limit + 1),
      limit,
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a collection' })
  @ApiOkResponse({ standardSchema: collectionSchema })
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  async read(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: collectionParamsSchema }) { id }: CollectionParams,
  ): Promise<CollectionAnswer> {
    return toCollectionAnswer(await this.collections.get(userId, id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Rename a collection' })
  @ApiOkResponse({ standardSchema: collectionSchema })
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  @ApiConflictResponse({ description: '`collection_name_taken`' })
  async rename(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: collectionParamsSchema }) { id }: CollectionParams,
    @Body({ schema: collectionBodySchema }) { name }: CollectionBody,
  ): Promise<CollectionAnswer> {
    return toCollectionAnswer(await this.collections.rename(userId, id, name.toWellFormed()));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a collection', description: 'Its files stay.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  async remove(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: collectionParamsSchema }) { id }: CollectionParams,
  ): Promise<void> {
    await this.collections.delete(userId, id);
  }

  @Get(':id/files')
  @ApiOperation({ summary: 'List the files of a collection' })
  @ApiOkResponse({ standardSchema: memberPageSchema })
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  async listFiles(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: collectionParamsSchema }) { id }: CollectionParams,
    @Query({ schema: pageQuerySchema }) { limit, cursor }: PageQuery,
  ): Promise<MemberPageAnswer> {
    const members = await this.collections.listFiles(userId, id, readMemberCursor(cursor), limit + 1);
    return toMemberPage(members, limit);
  }

  @Put(':id/files/:file_id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Put a file into a collection',
    description: 'A file can be in up to 20 collections, a collection has up to 10,000 files.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`collection_not_found`, `knowledge_file_not_found`' })
  @ApiConflictResponse({ description: '`collection_full`, with `details.limit`' })
  async addFile(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memberParamsSchema }) { id, file_id: fileId }: MemberParams,
  ): Promise<void> {
    await this.collections.addFile(userId, id, fileId);
  }

  @Delete(':id/files/:file_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a file out of a collection', description: 'The file stays.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ description: '`collection_not_found`' })
  async removeFile(
    @CurrentPrincipal() { userId }: Principal,
    @Param({ schema: memberParamsSchema }) { id, file_id: fileId }: MemberParams,
  ): Promise<void> {
    await this.collections.removeFile(userId, id, fileId);
  }
}
