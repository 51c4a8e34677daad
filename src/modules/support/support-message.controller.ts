import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import {
  CurrentPrincipal,
  decodeCursor,
  encodeCursor,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { ChatAccess } from './chat-access.js';
import {
  chatParamsSchema,
  type ChatParams,
  type MessageDto,
  type MessageListQuery,
  messageListQuerySchema,
  messagePageSchema,
  messageSchema,
  type SendMessage,
  sendMessageSchema,
  toMessageDto,
} from './dto/support.dto.js';
import { type MessagePlace, SupportMessageService } from './message.service.js';

const messagePosition = z.tuple([z.enum(['before', 'after']), z.int().min(0)]);

@ApiTags('Support')
@Controller('api/support/chats/:id/messages')
@RequireScope('support')
export class SupportMessageController {
  constructor(
    private readonly messages: SupportMessageService,
    private readonly access: ChatAccess,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Say something in a chat',
    description:
      'Once this is answered it is stored. Sent again with the same `client_message_id` it gives the stored message.',
  })
  @ApiCreatedResponse({ standardSchema: messageSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  @ApiConflictResponse({
    description: '`support_chat_ended`, `support_message_id_reused`, `support_message_limit_reached`',
  })
  @ApiTooManyRequestsResponse({ description: '`support_message_rate_exceeded`, with `Retry-After`' })
  async send(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
    @Body({ schema: sendMessageSchema }) body: SendMessage,
  ): Promise<MessageDto> {
    const sent = { clientMessageId: body.client_message_id, content: body.content };
    return toMessageDto(await this.messages.send(principal, id, sent));
  }

  @Get()
  @ApiOperation({
    summary: 'Read messages: the latest, those after a sequence number, or the page that a cursor names',
    description: 'That an operator reads the chat of others is written to the audit log.',
  })
  @ApiOkResponse({ standardSchema: messagePageSchema })
  @ApiNotFoundResponse({ description: '`support_chat_not_found`' })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: chatParamsSchema }) { id }: ChatParams,
    @Query({ schema: messageListQuerySchema }) query: MessageListQuery,
  ): Promise<z.infer<typeof messagePageSchema>> {
    const { chat } = await this.access.findToRead(principal, id);
    const page = await this.messages.read(chat, placeOf(query), query.limit);
    const first = page.messages[0];
    const last = page.messages.at(-1);
    return {
      items: page.messages.map(toMessageDto),
      earlier_cursor: page.hasEarlier && first ? encodeCursor(['before', first.sequence]) : null,
      later_cursor: page.hasLater && last ? encodeCursor(['after', last.sequence]) : null,
    };
  }
}

function placeOf({ after, cursor }: MessageListQuery): MessagePlace {
  if (after !== undefined) return { kind: 'after', sequence: after };
  if (cursor === undefined) return { kind: 'latest' };
  const [kind, sequence] = decodeCursor(cursor, messagePosition);
  return { kind, sequence };
}
