import { Body, Controller, Get, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiBadRequestResponse,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import {
  CurrentPrincipal,
  EventStream,
  goneSignal,
  openAiErrorBody,
  type Principal,
  readIdempotencyKey,
  RequireScope,
} from '../../platform/http/index.js';
import { type AppError, invalidRequest } from '../../platform/errors/index.js';
import { idSchema } from '../../shared/ids.js';
import { conversationNotFound, messageNotFound } from '../conversation/index.js';
import { ProviderService } from '../provider/index.js';
import { ChatService } from './chat.service.js';
import { CompletionChunks, completionAnswer } from './completion-chunks.js';
import {
  chatCompletionAnswerSchema,
  chatCompletionSchema,
  modelListSchema,
} from './dto/chat-completion.dto.js';
import type { ChatCompletionAnswer, ChatCompletionRequest } from './dto/chat-completion.dto.js';
import type { ForkRequest } from './fork-resolver.js';
import type { RunningTurn } from './running-turn.js';

/**
 * How long a stream's headers wait for its first token, so that a provider that fails before it can still be
 * answered with a status. After this the stream begins, with pings.
 */
const FIRST_PIECE_WAIT_MS = 10_000;

type HeaderValue = FastifyRequest['headers'][string];

@ApiTags('Chat')
@Controller('v1')
export class ChatController {
  constructor(
    private readonly chat: ChatService,
    private readonly provider: ProviderService,
  ) {}

  @Get('models')
  @RequireScope('chat')
  @ApiOperation({ summary: 'List the models' })
  @ApiOkResponse({ standardSchema: modelListSchema })
  models(): z.infer<typeof modelListSchema> {
    const data = this.provider
      .listModels()
      .map((model) => ({ id: model.id, object: 'model' as const, created: 0, owned_by: model.provider }));
    return { object: 'list', data };
  }

  @Post('chat/completions')
  @HttpCode(200)
  @RequireScope('chat')
  @ApiOperation({
    summary: 'Take a turn in a conversation',
    description:
      'The chat completions of the OpenAI API. With `stream: true` the answer is `text/event-stream`. The answer ' +
      'carries `X-Conversation-Id` and `X-Turn-Id`. A turn that was accepted runs to its end, also if the client goes. ' +
      'A request that continues a conversation without any assistant message is given the stored history.',
  })
  @ApiHeader({
    name: 'X-Conversation-Id',
    required: false,
    description: 'Continues this conversation of yours.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'A name of your choice for this turn, at most 255 characters. The same request with the same key, also much ' +
      'later, gets the same turn again, running or finished, and is charged once.',
  })
  @ApiHeader({
    name: 'X-Edit-Message-Id',
    required: false,
    description:
      "The request's last messages of the user replace this one of the conversation: they and their answer are a new " +
      'branch beside it, which becomes the active one.',
    schema: { type: 'string', format: 'uuid', example: '019af3b2-6c1e-7d53-9d0a-3a2f5b8c9e01' },
  })
  @ApiHeader({
    name: 'X-Regenerate-Message-Id',
    required: false,
    description:
      'A new answer in place of this one, or to this message of the user, as a new branch that becomes the active ' +
      "one. The request's messages are not stored, and without any assistant message among them only the " +
      'instructions are read; the question is the stored one.',
    schema: { type: 'string', format: 'uuid', example: '019af3b2-7f04-7a1b-8c55-0d4e6f7a8b02' },
  })
  @ApiNotFoundResponse({ description: '`model_not_found`, `conversation_not_found`, `message_not_found`' })
  @ApiConflictResponse({ description: '`too_many_branches`: at most 1,000 in a conversation' })
  @ApiBadRequestResponse({
    description:
      '`message_not_editable`: an edit of an answer; `invalid_request`: an edit and a new answer in one',
  })
  @ApiOkResponse({ standardSchema: chatCompletionAnswerSchema })
  async complete(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: chatCompletionSchema }) body: ChatCompletionRequest,
    @Headers() headers: FastifyRequest['headers'],
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChatCompletionAnswer | undefined> {
    const turn = await this.chat.startTurn(principal.userId, body, {
      conversationId: conversationIdOf(headers['x-conversation-id']),
      idempotencyKey: idempotencyKeyOf(headers['idempotency-key']),
      retryCount: Number(headers['x-stainless-retry-count'] ?? 0) || 0,
      fork: forkOf(headers),
      gone: goneSignal(reply),
    });
    reply.header('x-conversation-id', turn.conversationId).header('x-turn-id', turn.id);
    if (body.stream) {
      await this.stream(turn, body.stream_options?.include_usage ?? false, request, reply);
      return undefined;
    }
    const end = await turn.whenEnded();
    if (end.error) throw end.error;
    return completionAnswer(turn, end);
  }

  private async stream(
    turn: RunningTurn,
    includesUsage: boolean,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const patience = AbortSignal.timeout(FIRST_PIECE_WAIT_MS);
    while (!turn.hasBegun && !patience.aborted) await turn.change(patience);
    if (turn.ended?.error && !turn.hasAnswer) throw turn.ended.error;
    const stream = new EventStream(reply);
    const chunks = new CompletionChunks(turn, includesUsage);
    await stream.send(chunks.first());
    for await (const piece of turn.read(stream.gone)) await stream.send(chunks.piece(piece));
    const { ended } = turn;
    if (ended?.error) {
      // Never just close: an SDK takes that for the normal end.
      await stream.send(openAiErrorBody(ended.error, request.id));
    } else if (ended) {
      for (const chunk of chunks.last(ended)) await stream.send(chunk);
      await stream.send('[DONE]');
    }
    stream.end();
  }
}

function conversationIdOf(header: HeaderValue): string | undefined {
  return readId(header, () => conversationNotFound({ param: 'X-Conversation-Id' }));
}

function forkOf(headers: FastifyRequest['headers']): ForkRequest | undefined {
  const edited = readId(headers['x-edit-message-id'], () => messageNotFound({ param: 'X-Edit-Message-Id' }));
  const regenerated = readId(headers['x-regenerate-message-id'], () =>
    messageNotFound({ param: 'X-Regenerate-Message-Id' }),
  );
  if (edited !== undefined && regenerated !== undefined) {
    throw invalidRequest({
      param: 'X-Regenerate-Message-Id',
      detail: 'Name either X-Edit-Message-Id or X-Regenerate-Message-Id.',
    });
  }
  if (edited !== undefined) return { kind: 'edit', messageId: edited };
  return regenerated === undefined ? undefined : { kind: 'regenerate', messageId: regenerated };
}

/** The id in a header; undefined without it. A text that is no id names nothing that there is. */
function readId(header: HeaderValue, notFound: () => AppError): string | undefined {
  if (header === undefined || header === '') return undefined;
  const id = idSchema.safeParse(header);
  if (!id.success) throw notFound();
  return id.data;
}

function idempotencyKeyOf(header: HeaderValue): string | undefined {
  return header === undefined ? undefined : readIdempotencyKey(String(header));
}
