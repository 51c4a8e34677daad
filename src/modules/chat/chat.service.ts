import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError, serviceUnavailable } from '../../platform/errors/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import { ConversationService, type Turn } from '../conversation/index.js';
import {
  type ChatMessage,
  costOf,
  countMessageTokens,
  countPromptTokens,
  countTextTokens,
  type Model,
  type ProviderRequest,
  ProviderService,
  textOf,
} from '../provider/index.js';
import { chatConfig } from './chat.config.js';
import { contextLengthExceeded, userMessageMissing } from './chat.errors.js';
import {
  bringsHistory,
  extraOf,
  firstUserText,
  latestThatFit,
  newMessagesOf,
  toPrompt,
  withHistory,
} from './domain/messages.js';
import { type ChatCompletionRequest, passedOnFields } from './dto/chat-completion.dto.js';
import type { RunningTurn } from './running-turn.js';
import { TurnAccounting } from './turn-accounting.js';
import { TurnRunner } from './turn-runner.service.js';

/** A turn that is about to be accepted. */
interface Draft {
  ownerId: string;
  model: Model;
  newMessages: ChatMessage[];
  request: ProviderRequest;
  promptTokens: number;
  turnOptions: TurnOptions;
}

/** How a turn differs from what the OpenAI API lets its callers say. */
export interface TurnOptions {
  /** Makes the conversation that is named, unless it is there. Its id must mean one of the owner's for ever. */
  readonly makesConversation?: boolean;
  /** The id of the last message; without it a new one. */
  readonly messageId?: string;
}

/** Accepts chat requests: each becomes a turn that is held for, durable, and then run. */
@Injectable()
export class ChatService {
  constructor(
    private readonly conversations: ConversationService,
    private readonly provider: ProviderService,
    private readonly accounting: TurnAccounting,
    private readonly runner: TurnRunner,
    private readonly clock: Clock,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /**
   * Accepts a turn: everything that can be refused is refused before anything is stored or held. When this
   * returns, the hold is committed and the user's message is durable, and the turn runs to its end.
   * @throws model_not_found, conversation_not_found, context_length_exceeded, insufficient_coins and others.
   */
  async startTurn(
    ownerId: string,
    body: ChatCompletionRequest,
    conversationId?: string,
    turnOptions: TurnOptions = {},
  ): Promise<RunningTurn> {
    this.runner.checkCapacity();
    const model = this.provider.getModel(body.model);
    const newMessages = newMessagesOf(body.messages);
    if (newMessages.length === 0) throw userMessageMissing({ param: 'messages' });
    if (conversationId !== undefined && !turnOptions.makesConversation)
      await this.conversations.getConversation(ownerId, conversationId);
    const options = passedOn(body);
    const messages = await this.promptOf(model, body, conversationId);
    const promptTokens = await countPromptTokens({ messages, options }, model.contextTokens);
    const maxOutputTokens = outputLimit(model, promptTokens, body);
    const draft = {
      ownerId,
      model,
      newMessages,
      promptTokens,
      request: { messages, options, maxOutputTokens },
      turnOptions,
    };
    const turn = await this.acceptTurn(draft, conversationId);
    return this.runner.run({ turn, model, request: draft.request });
  }

  /** The request's messages, with as much of the stored history as leaves room for the answer. */
  private async promptOf(
    model: Model,
    body: ChatCompletionRequest,
    conversationId: string | undefined,
  ): Promise<readonly ChatMessage[]> {
    const { messages } = body;
    if (conversationId === undefined || bringsHistory(messages) || this.config.historyMessages === 0)
      return messages;
    const limit = model.contextTokens;
    const own = await countPromptTokens({ messages, options: passedOn(body) }, limit);
    const room = limit - own - Math.min(askedLimit(model, body), Math.floor(limit / 2));
    const history = await this.conversations.latestMessages(conversationId, this.config.historyMessages);
    return withHistory(messages, await latestThatFit(toPrompt(history), room, countMessageTokens));
  }

  /** Hold, conversation, turn; whatever fails takes back what came before it. */
  private async acceptTurn(draft: Draft, conversationId: string | undefined): Promise<Turn> {
    const { ownerId, model, promptTokens, request } = draft;
    const turnId = newId();
    const largestCost = costOf(model, { promptTokens, completionTokens: request.maxOutputTokens });
    await this.accounting.hold(ownerId, turnId, largestCost);
    let madeConversationId: string | undefined;
    try {
      const firstMessage = firstUserText(draft.newMessages);
      if (conversationId === undefined) {
        madeConversationId = (await this.conversations.createConversation(ownerId, { firstMessage })).id;
      } else if (draft.turnOptions.makesConversation) {
        // Not to be taken back: another request of the same chat may already count on it.
        await this.conversations.ensureConversation(ownerId, conversationId, firstMessage);
      }
      const turn = await this.newTurn(draft, turnId, conversationId ?? madeConversationId ?? '');
      await this.conversations.startTurn(turn);
      return turn;
    } catch (error) {
      await this.accounting.close(ownerId, turnId, { kind: 'release' });
      if (madeConversationId !== undefined)
        await this.conversations.deleteConversation(ownerId, madeConversationId);
      if (error instanceof AppError) throw error;
      throw serviceUnavailable({
        cause: error,
        retryAfterSeconds: 1,
        detail: 'The message could not be stored.',
      });
    }
  }

  private async newTurn(draft: Draft, turnId: string, conversationId: string): Promise<Turn> {
    const startedAt = new Date(this.clock.nowMs()).toISOString();
    const messages = await Promise.all(
      draft.newMessages.map(async (message, index) => ({
        id: (index === draft.newMessages.length - 1 && draft.turnOptions.messageId) || newId(),
        role: message.role,
        content: textOf(message),
        extra: extraOf(message),
        status: 'complete' as const,
        tokens: await countTextTokens(message),
        created_at: startedAt,
      })),
    );
    return {
      id: turnId,
      conversation_id: conversationId,
      owner_id: draft.ownerId,
      model: draft.model.id,
      answer_id: newId(),
      status: 'running',
      messages,
      finish_reason: null,
      prompt_tokens: draft.promptTokens,
      completion_tokens: 0,
      usage_source: 'none',
      cost_micro_coins: '0',
      error_code: null,
      started_at: startedAt,
      finished_at: null,
      input_price: draft.model.inputPrice.toString(),
      output_price: draft.model.outputPrice.toString(),
    };
  }
}

/** The longest answer that is asked for, that the model gives, and that its context has room for. */
function outputLimit(model: Model, promptTokens: number, body: ChatCompletionRequest): number {
  const room = model.contextTokens - promptTokens;
  if (room < 1) {
    throw contextLengthExceeded({
      detail: `${model.id} reads ${model.contextTokens} tokens; the messages have ${promptTokens} or more.`,
      param: 'messages',
    });
  }
  return Math.min(askedLimit(model, body), room);
}

function askedLimit(model: Model, body: ChatCompletionRequest): number {
  const asked = body.max_completion_tokens ?? body.max_tokens ?? model.maxOutputTokens;
  return Math.min(asked, model.maxOutputTokens);
}

function passedOn(body: ChatCompletionRequest): Record<string, unknown> {
  return Object.fromEntries(
    passedOnFields.flatMap((field) =>
      body[field] === undefined || body[field] === null ? [] : [[field, body[field]]],
    ),
  );
}
