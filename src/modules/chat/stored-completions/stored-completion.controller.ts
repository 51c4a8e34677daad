import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequireScope } from '../../../platform/http/index.js';
import { type AnsweredTurn, SavedTurnReader } from '../../conversation/index.js';
import { completionNotFound } from '../chat.errors.js';
import { turnIdOf } from '../completion-chunks.js';
import { type ChatCompletionAnswer, chatCompletionAnswerSchema } from '../dto/chat-completion.dto.js';
import { toListPage, toStoredCompletion, toStoredMessage } from './stored-completion.js';
import {
  type CompletionList,
  completionListQuerySchema,
  completionListSchema,
  type CompletionMessages,
  completionMessagesQuerySchema,
  completionMessagesSchema,
  completionParamsSchema,
} from './stored-completion.dto.js';
import type {
  CompletionListQuery,
  CompletionMessagesQuery,
  CompletionParams,
} from './stored-completion.dto.js';

/** Saved turns in the shape of OpenAI's stored completions. */
@ApiTags('Chat')
@Controller('v1/chat/completions')
@RequireScope('conversations:read')
export class StoredCompletionController {
  constructor(private readonly turns: SavedTurnReader) {}

  @Get()
  @ApiOperation({
    summary: 'List your stored completions',
    description:
      'Every turn that came to its end and is saved, whether `store` was set or not. Turns that failed or were ' +
      'interrupted are in their conversations only.',
  })
  @ApiOkResponse({ standardSchema: completionListSchema })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: completionListQuerySchema }) { model, after, order, limit }: CompletionListQuery,
  ): Promise<CompletionList> {
    const afterId = after === undefined ? undefined : turnIdOf(after);
    if (after !== undefined && afterId === undefined) throw completionNotFound({ param: 'after' });
    const turns = await this.turns.listTurns(principal.userId, model, {
      after: afterId,
      order,
      limit: limit + 1,
    });
    if (!turns) throw completionNotFound({ param: 'after' });
    return toListPage(turns.map(toStoredCompletion), limit);
  }

  @Get(':completion_id')
  @ApiOperation({ summary: 'Read a stored completion' })
  @ApiOkResponse({ standardSchema: chatCompletionAnswerSchema })
  async read(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: completionParamsSchema }) { completion_id }: CompletionParams,
  ): Promise<ChatCompletionAnswer> {
    return toStoredCompletion(await this.getTurn(principal, completion_id));
  }

  @Get(':completion_id/messages')
  @ApiOperation({
    summary: 'List what a stored completion answers',
    description: 'The new messages of its request, as they are stored in the conversation.',
  })
  @ApiOkResponse({ standardSchema: completionMessagesSchema })
  async messages(
    @CurrentPrincipal() principal: Principal,
    @Param({ schema: completionParamsSchema }) { completion_id }: CompletionParams,
    @Query({ schema: completionMessagesQuerySchema }) { after, order, limit }: CompletionMessagesQuery,
  ): Promise<CompletionMessages> {
    const turn = await this.getTurn(principal, completion_id);
    const messages = await this.turns.listQuestions(turn.id, { after, order, limit: limit + 1 });
    if (!messages) throw completionNotFound({ detail: 'There is no such message.', param: 'after' });
    return toListPage(messages.map(toStoredMessage), limit);
  }

  private async getTurn(principal: Principal, completionId: string): Promise<AnsweredTurn> {
    const id = turnIdOf(completionId);
    const turn = id === undefined ? undefined : await this.turns.findTurn(principal.userId, id);
    if (!turn) throw completionNotFound({ param: 'completion_id' });
    return turn;
  }
}
