import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  CurrentPrincipal,
  EventStream,
  goneSignal,
  type Principal,
  RequireScope,
} from '../../../platform/http/index.js';
import { type UiMessageList, uiChatParamsSchema, uiChatSchema, uiMessageListSchema } from './ui-chat.dto.js';
import type { UiChatParams, UiChatRequest } from './ui-chat.dto.js';
import { UiChatService, type UiTurn } from './ui-chat.service.js';
import { UiMessageChunks } from './ui-message-chunks.js';

/** As for `/v1/chat/completions`: so long the headers wait for a status other than 200. */
const FIRST_PIECE_WAIT_MS = 10_000;

const streamAnswer = {
  description: 'A UI message stream, version 1: parts as server-sent events, then `[DONE]`.',
  content: {
    'text/event-stream': {
      schema: { type: 'string' },
      example: 'data: {"type":"start","messageId":"0193…"}\n\n…data: [DONE]\n\n',
    },
  },
} as const;

@ApiTags('Chat')
@Controller('api/chat')
export class UiChatController {
  constructor(private readonly chat: UiChatService) {}

  @Post()
  @HttpCode(200)
  @RequireScope('chat')
  @ApiOperation({
    summary: "Take a turn in a chat of the AI SDK's `useChat`",
    description:
      'Answers what `DefaultChatTransport` of the npm package `ai` asks. The last message is stored, and the model is ' +
      'given the stored history. The answer carries `X-Conversation-Id` and `X-Turn-Id`. A turn that was accepted runs ' +
      'to its end, also if the client goes.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse(streamAnswer)
  async send(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: uiChatSchema }) body: UiChatRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const turn = await this.chat.startTurn(principal.userId, body, goneSignal(reply));
    await whenBegun(turn);
    const { ended, hasAnswer } = turn.turn;
    if (ended?.error && !hasAnswer) throw ended.error;
    await stream(turn, reply);
  }

  @Get(':id/stream')
  @RequireScope('chat')
  @ApiOperation({
    summary: 'Follow the answer that is being given in a chat, from its first part',
    description: 'What `resumeStream` of `useChat` asks.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse(streamAnswer)
  @ApiNoContentResponse({ description: 'No turn of this chat is running.' })
  async resume(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: uiChatParamsSchema }) { id }: UiChatParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const turn = await this.chat.findRunning(principal.userId, id, goneSignal(reply));
    if (turn) await stream(turn, reply);
    else reply.status(204);
  }

  @Post(':id/stop')
  @HttpCode(204)
  @RequireScope('chat')
  @ApiOperation({
    summary: 'Stop the answer that is being given in a chat',
    description:
      'What has been answered is kept as `stopped` and charged. Without a running turn nothing happens.',
  })
  @ApiNoContentResponse({ description: 'It ends within a second, or there was nothing to stop.' })
  async stop(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: uiChatParamsSchema }) { id }: UiChatParams,
  ): Promise<void> {
    await this.chat.stopRunning(principal.userId, id);
  }

  @Get(':id/messages')
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'Read the last messages of a chat, as `useChat` keeps them',
    description: 'At most 200. A chat that is not there yet has none.',
  })
  @ApiOkResponse({ standardSchema: uiMessageListSchema })
  messages(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: uiChatParamsSchema }) { id }: UiChatParams,
  ): Promise<UiMessageList> {
    return this.chat.listMessages(principal.userId, id);
  }
}

async function whenBegun({ turn }: UiTurn): Promise<void> {
  const patience = AbortSignal.timeout(FIRST_PIECE_WAIT_MS);
  while (!turn.hasBegun && !patience.aborted) await turn.change(patience);
}

async function stream({ turn, messageId }: UiTurn, reply: FastifyReply): Promise<void> {
  reply
    .header('x-conversation-id', turn.conversationId)
    .header('x-turn-id', turn.id)
    .header('x-vercel-ai-ui-message-stream', 'v1');
  const events = new EventStream(reply);
  const chunks = new UiMessageChunks(messageId, turn.citations);
  for (const chunk of chunks.first()) await events.send(chunk);
  for await (const piece of turn.read(events.gone)) {
    for (const chunk of chunks.piece(piece)) await events.send(chunk);
  }
  if (turn.ended) {
    for (const chunk of chunks.last(turn.ended)) await events.send(chunk);
    await events.send('[DONE]');
  }
  events.end();
}
