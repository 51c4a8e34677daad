import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
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
import { ConversationService } from './conversation.service.js';
import {
  type ConversationDto,
  conversationListQuerySchema,
  conversationListSchema,
  conversationParamsSchema,
  conversationSchema,
  createConversationSchema,
  messageListQuerySchema,
  messagePageSchema,
  renameConversationSchema,
  toConversationDto,
} from './dto/conversation.dto.js';
import type {
  ConversationListQuery,
  ConversationParams,
  CreateConversation,
  MessageListQuery,
  RenameConversation,
} from './dto/conversation.dto.js';
import { ErasureService } from './erasure/erasure.service.js';
import { readMessagePage } from './reading/message-page.js';
import { MessageReader } from './reading/message-reader.service.js';

const listPosition = z.tuple([z.iso.datetime(), z.uuid()]);

@ApiTags('Conversations')
@Controller('api/conversations')
export class ConversationController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly reader: MessageReader,
    private readonly erasures: ErasureService,
  ) {}

  @Post()
  @RequireScope('conversations:write')
  @ApiOperation({ summary: 'Make an empty conversation' })
  @ApiCreatedResponse({ standardSchema: conversationSchema })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: createConversationSchema }) body: CreateConversation,
  ): Promise<ConversationDto> {
    return toConversationDto(await this.conversations.createConversation(principal.userId, body));
  }

  @Get()
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'List your conversations, the latest active first' })
  @ApiOkResponse({ standardSchema: conversationListSchema })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: conversationListQuerySchema }) query: ConversationListQuery,
  ): Promise<z.infer<typeof conversationListSchema>> {
    const position = query.cursor === undefined ? undefined : decodeCursor(query.cursor, listPosition);
    const rows = await this.conversations.listConversations(
      principal.userId,
      query.limit + 1,
      position && { lastActivityAt: new Date(position[0]), id: position[1] },
    );
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      items: page.map(toConversationDto),
      next_cursor:
        rows.length > page.length && last
          ? encodeCursor([last.last_activity_at.toISOString(), last.id])
          : null,
    };
  }

  @Get(':id')
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'Read what is known of a conversation' })
  @ApiOkResponse({ standardSchema: conversationSchema })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
  ): Promise<ConversationDto> {
    return toConversationDto(await this.conversations.getConversation(principal.userId, id));
  }

  @Patch(':id')
  @RequireScope('conversations:write')
  @ApiOperation({ summary: 'Rename a conversation' })
  @ApiOkResponse({ standardSchema: conversationSchema })
  async rename(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Body({ schema: renameConversationSchema }) { title }: RenameConversation,
  ): Promise<ConversationDto> {
    return toConversationDto(await this.conversations.renameConversation(principal.userId, id, title));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('conversations:write')
  @ApiOperation({
    summary: 'Erase a conversation with all its messages',
    description:
      'For good. Once this is answered nobody can reach it; a worker erases within moments what is left of a long ' +
      'one. A turn that runs is charged as usual and leaves nothing.',
  })
  @ApiNoContentResponse()
  async delete(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
  ): Promise<void> {
    await this.erasures.eraseConversation({ kind: 'user', id: principal.userId }, principal.userId, id);
  }

  @Get(':id/messages')
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'Read messages: the latest, or the page that a cursor names',
    description:
      'Of a conversation with branches the path to the end of one: of the active one, unless you name another.',
  })
  @ApiOkResponse({ standardSchema: messagePageSchema })
  @ApiNotFoundResponse({ description: '`conversation_not_found`, `branch_not_found`' })
  async messages(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: conversationParamsSchema }) { id }: ConversationParams,
    @Query({ schema: messageListQuerySchema }) query: MessageListQuery,
  ): Promise<z.infer<typeof messagePageSchema>> {
    await this.conversations.getConversation(principal.userId, id);
    return readMessagePage(this.reader, id, query);
  }
}
