import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
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
import { SupportAgentService } from './agent.service.js';
import { ChatAccess } from './chat-access.js';
import { ChatQueue } from './chat-queue.js';
import { SupportChatService } from './chat.service.js';
import type { Chat } from './domain/chat.js';
import {
  type ChatDto,
  chatListQuerySchema,
  chatListSchema,
  chatParamsSchema,
  chatSchema,
  placedChatSchema,
  rateChatSchema,
  toChatDto,
  transferChatSchema,
} from './dto/support.dto.js';
import type { ChatListQuery, ChatParams, PlacedChatDto, RateChat, TransferChat } from './dto/support.dto.js';

export const listPosition = z.tuple([z.string().regex(/^\d{1,20}$/)]);

/** One more than the page has been read: it says whether there is another. */
export function toChatPage(rows: readonly Chat[], limit: number): z.infer<typeof chatListSchema> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(toChatDto),
    next_cursor: rows.length > page.length && last ? encodeCursor([last.number]) : null,
  };
}

@ApiTags('Support')
@Controller('api/support/chats')
@RequireScope('support')
export class SupportChatController {
  constructor(
    private readonly chats: SupportChatService,
    private readonly agents: SupportAgentService,
    private readonly access: ChatAccess,
    private readonly queue: ChatQueue,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Ask for a chat with customer service',
    description:
      'If an agent is free the chat is `active` at once; otherwise it is `waiting`, with its place.',
  })
  @ApiCreatedResponse({ standardSchema: placedChatSchema })
  @ApiConflictResponse({
    description: '`support_chat_open`, with the `chat_id` of the open one in `details`',
  })
  @ApiServiceUnavailableResponse({ description: '`support_queue_full`, with `Retry-After`' })
  async open(@CurrentPrincipal() principal: Principal): Promise<PlacedChatDto> {
    return this.placed(await this.chats.openChat(principal.userId));
  }

  @Get()
  @ApiOperation({ summary: 'List your chats, the newest first' })
  @ApiOkResponse({ standardSchema: chatListSchema })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: chatListQuerySchema }) query: ChatListQuery,
  ): Promise<z.infer<typeof chatListSchema>> {
    const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, listPosition)[0];
    const rows = await this.chats.listChats({
      userId: principal.userId,
      state: query.state,
      before,
      limit: query.limit + 1,
    });
    return toChatPage(rows, query.limit);
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Read what is known of a chat, and its place in the queue',
    description: 'For its user, the agent who has it, and operators; so are the calls below.',
  })
  @ApiOkResponse({ standardSchema: placedChatSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
  ): Promise<PlacedChatDto> {
    return this.placed((await this.access.find(principal, id)).chat);
  }

  @Post(':id/end')
  @HttpCode(200)
  @ApiOperation({ summary: 'End a chat' })
  @ApiOkResponse({ standardSchema: chatSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  @ApiConflictResponse({ description: '`support_chat_ended`' })
  async end(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
  ): Promise<ChatDto> {
    return toChatDto(await this.chats.endChat(principal, id));
  }

  @Post(':id/rating')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rate a chat of yours that has ended, once' })
  @ApiOkResponse({ standardSchema: chatSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  @ApiConflictResponse({ description: '`support_chat_not_ended`, `support_chat_rated`' })
  async rate(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
    @Body({ schema: rateChatSchema }) { rating, comment }: RateChat,
  ): Promise<ChatDto> {
    return toChatDto(await this.chats.rateChat(principal, id, rating, comment));
  }

  @Post(':id/transfer')
  @HttpCode(200)
  @RequireScope('support:answer')
  @ApiOperation({
    summary: 'Hand a chat over to another agent, or back to the queue',
    description:
      'For the agent who has it, and operators, who may also give a waiting chat to somebody. Back in the queue it has ' +
      'its old place, and goes to anybody but who gave it back.',
  })
  @ApiOkResponse({ standardSchema: chatSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  @ApiConflictResponse({ description: '`support_chat_not_active`, `support_agent_unavailable`' })
  async transfer(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
    @Body({ schema: transferChatSchema }) body: TransferChat,
  ): Promise<ChatDto> {
    return toChatDto(await this.agents.transfer(principal, id, body.agent_id));
  }

  private async placed(chat: Chat): Promise<PlacedChatDto> {
    return { ...toChatDto(chat), queue: (await this.queue.placeOf(chat)) ?? null };
  }
}
