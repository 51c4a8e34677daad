import { Controller, Get, Headers, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidRequest } from '../../platform/errors/index.js';
import {
  CurrentPrincipal,
  EventStream,
  goneSignal,
  openAiErrorBody,
  type Principal,
  RequireScope,
} from '../../platform/http/index.js';
import { formatCoins } from '../../shared/money.js';
import { ConversationService, type Turn, TurnKeeper, turnNotFound } from '../conversation/index.js';
import { ChatService } from './chat.service.js';
import { stopAnswerSchema, turnParamsSchema, turnStateSchema } from './dto/turn.dto.js';
import type { StopAnswer, TurnParams, TurnState } from './dto/turn.dto.js';
import { ANSWER_START, type AnswerPosition, positionAfter, type RunningTurn } from './running-turn.js';
import { TurnFollower } from './turn-follower.js';

const EVENT_ID = /^(\d{1,9})\.(\d{1,9})$/;

/** One turn: how it stands, its answer as it grows, and its end at the user's wish. From any process. */
@ApiTags('Conversations')
@Controller('api/conversations/:id/turns/:turn_id')
export class TurnController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly keeper: TurnKeeper,
    private readonly follower: TurnFollower,
    private readonly chat: ChatService,
  ) {}

  @Get()
  @RequireScope('conversations:read')
  @ApiOperation({ summary: 'Read how a turn stands, or how it ended and what it cost' })
  @ApiOkResponse({ standardSchema: turnStateSchema })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: turnParamsSchema }) params: TurnParams,
  ): Promise<TurnState> {
    return toState(await this.findTurn(principal, params));
  }

  @Post('stop')
  @HttpCode(200)
  @RequireScope('chat')
  @ApiOperation({
    summary: 'Stop a running turn',
    description:
      'What has been answered is kept as `stopped` and charged; the rest of the hold is given back. Stopping a turn ' +
      'that has ended changes nothing.',
  })
  @ApiOkResponse({ standardSchema: stopAnswerSchema })
  async stop(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: turnParamsSchema }) params: TurnParams,
  ): Promise<StopAnswer> {
    await this.conversations.getConversation(principal.userId, params.id);
    const place = { conversationId: params.id, turnId: params.turn_id };
    if (await this.chat.stopTurn(place)) return { turn_id: params.turn_id, status: 'stopping' };
    return { turn_id: params.turn_id, status: (await this.findTurn(principal, params)).status };
  }

  @Get('stream')
  @RequireScope('conversations:read')
  @ApiOperation({
    summary: 'Follow a turn, or go on following it where a connection broke',
    description:
      'Events `text` (`{text}`), `tool_calls` (`{deltas}`) and, last, `end` (`{status, text, tool_calls, ' +
      'finish_reason, usage, error}`). Each has an `id`; sent back as `Last-Event-ID` it makes the stream go on after ' +
      'it, without a repeated or missing character. The pieces are kept for ten minutes after the end; later there ' +
      'is one with the whole text.',
  })
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The `id` of the last event you have.' })
  @ApiOkResponse({ description: 'An event stream.', schema: { type: 'string' } })
  async follow(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: turnParamsSchema }) params: TurnParams,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const from = positionOf(lastEventId);
    await this.conversations.getConversation(principal.userId, params.id);
    const gone = goneSignal(reply);
    const turn = await this.follower.follow({ conversationId: params.id, turnId: params.turn_id }, gone);
    if (!turn) throw turnNotFound({ param: 'turn_id' });
    await sendTurn(turn, from, new EventStream(reply), request.id);
  }

  private async findTurn(principal: Principal, params: TurnParams): Promise<Turn> {
    await this.conversations.getConversation(principal.userId, params.id);
    const view = await this.keeper.view({ conversationId: params.id, turnId: params.turn_id }, 0);
    if (!view) throw turnNotFound({ param: 'turn_id' });
    return view.turn;
  }
}

async function sendTurn(
  turn: RunningTurn,
  from: AnswerPosition,
  stream: EventStream,
  requestId: string,
): Promise<void> {
  let position = from;
  for await (const piece of turn.read(stream.gone, from)) {
    position = positionAfter(position, piece);
    const data = piece.type === 'text' ? { text: piece.text } : { deltas: piece.deltas };
    await stream.send(data, { id: eventId(position), event: piece.type });
  }
  const { ended } = turn;
  if (ended) {
    const { text, toolCalls, finishReason, usage, status, error } = ended;
    const data = {
      status,
      text,
      tool_calls: toolCalls ?? null,
      finish_reason: finishReason,
      usage: { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens },
      error: error ? openAiErrorBody(error, requestId).error : null,
    };
    await stream.send(data, { id: eventId(position), event: 'end' });
  }
  stream.end();
}

function eventId({ textUnits, toolPieces }: AnswerPosition): string {
  return `${textUnits}.${toolPieces}`;
}

function positionOf(lastEventId: string | undefined): AnswerPosition {
  if (lastEventId === undefined || lastEventId === '') return ANSWER_START;
  const found = EVENT_ID.exec(lastEventId);
  if (!found)
    throw invalidRequest({ param: 'Last-Event-ID', detail: 'Send the id of an event of this stream.' });
  return { textUnits: Number(found[1]), toolPieces: Number(found[2]) };
}

function toState(turn: Turn): TurnState {
  return {
    turn_id: turn.id,
    conversation_id: turn.conversation_id,
    status: turn.status,
    model: turn.model,
    finish_reason: turn.finish_reason,
    prompt_tokens: turn.prompt_tokens,
    completion_tokens: turn.completion_tokens,
    cost: formatCoins(BigInt(turn.cost_micro_coins)),
    error_code: turn.error_code,
    started_at: turn.started_at,
    finished_at: turn.finished_at,
  };
}
