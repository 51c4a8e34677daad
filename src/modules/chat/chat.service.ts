import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { AppError, serviceUnavailable } from '../../platform/errors/index.js';
import { Clock } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import {
  ConversationService,
  type KeptTurn,
  placeOf,
  type Turn,
  TurnKeeper,
  type WaitingTurn,
} from '../conversation/index.js';
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
import { type CitedPassage, passagesThatFit, toPassageMessage } from './citations/passage-prompt.js';
import { TurnKnowledge } from './citations/turn-knowledge.service.js';
import { chatConfig } from './chat.config.js';
import {
  contextLengthExceeded,
  idempotencyKeySpent,
  turnInterrupted,
  userMessageMissing,
} from './chat.errors.js';
import {
  bringsHistory,
  extraOf,
  firstUserText,
  lastUserText,
  latestThatFit,
  newMessagesOf,
  toPrompt,
  withHistory,
} from './domain/messages.js';
import { checkMessageSizes } from './message-size.js';
import { type ChatCompletionRequest, passedOnFields } from './dto/chat-completion.dto.js';
import { type ForkedRequest, type ForkRequest, ForkResolver } from './fork-resolver.js';
import type { RunningTurn } from './running-turn.js';
import { TurnAccounting } from './turn-accounting.js';
import { TurnFollower } from './turn-follower.js';
import { TurnGate } from './turn-gate.js';
import { type TurnIdentity, TurnRequests } from './turn-requests.js';
import { TurnRunner } from './turn-runner.service.js';

/** A turn that is about to be accepted. */
interface Draft {
  ownerId: string;
  model: Model;
  newMessages: ChatMessage[];
  fork: Turn['fork'];
  request: ProviderRequest;
  promptTokens: number;
  citations: Turn['citations'];
}

/** What a request for a turn says besides its body. */
export interface TurnOptions {
  /** Continues this conversation. */
  readonly conversationId?: string | undefined;
  /** Makes that conversation, unless it is there. Its id must mean one of the owner's for ever. */
  readonly makesConversation?: boolean;
  /** The id of the last message; without it a new one. */
  readonly messageId?: string | undefined;
  /** Makes a branch of it instead of going on where it ends. */
  readonly fork?: ForkRequest | undefined;
  /** A repeated request with the same key gets the turn of the first. */
  readonly idempotencyKey?: string | undefined;
  /** How often an SDK says that it has tried before; then its turn may be running already. */
  readonly retryCount?: number;
  /** Aborted when the client has gone: a turn that still waits for another is not begun. */
  readonly gone: AbortSignal;
}

/** Accepts chat requests: each becomes a turn that is held for, durable, and then run. */
@Injectable()
export class ChatService {
  constructor(
    private readonly conversations: ConversationService,
    private readonly keeper: TurnKeeper,
    private readonly provider: ProviderService,
    private readonly accounting: TurnAccounting,
    private readonly runner: TurnRunner,
    private readonly forks: ForkResolver,
    private readonly requests: TurnRequests,
    private readonly gate: TurnGate,
    private readonly follower: TurnFollower,
    private readonly knowledge: TurnKnowledge,
    private readonly clock: Clock,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /**
   * Accepts a turn: everything that can be refused is refused before anything is stored or held. When this
   * returns, the hold is committed and the user's message is durable, and the turn runs to its end. A request that
   * has been accepted before gets its turn again, running or finished.
   * @throws model_not_found, conversation_not_found, message_not_found, turn_in_progress, context_length_exceeded,
   *   insufficient_coins, turn_key_reused and others.
   */
  async startTurn(ownerId: string, body: ChatCompletionRequest, options: TurnOptions): Promise<RunningTurn> {
    const model = this.provider.getModel(body.model);
    const { conversationId, fork, idempotencyKey, retryCount = 0, gone } = options;
    const storesMessages = fork?.kind !== 'regenerate';
    const newMessages = storesMessages ? newMessagesOf(body.messages) : [];
    if (storesMessages && newMessages.length === 0) throw userMessageMissing({ param: 'messages' });
    checkMessageSizes(newMessages, this.config.maxMessageBytes);
    if (conversationId !== undefined && !options.makesConversation) {
      await this.conversations.checkContinuable(ownerId, conversationId);
    }
    const identity = await this.requests.identify({
      ownerId,
      body,
      conversationId,
      extra: fork,
      idempotencyKey,
      retryCount,
    });
    if (identity.earlier) return this.followTurn(identity, gone);
    try {
      this.runner.checkCapacity();
      if (conversationId !== undefined) await this.gate.enter(identity, ownerId, gone);
      const draft = await this.draftTurn(ownerId, model, body, options);
      const kept = await this.acceptTurn(draft, identity, options);
      if (kept) return this.runner.run({ kept, model, request: draft.request });
    } catch (error) {
      await this.requests.forget(ownerId, identity);
      if (conversationId !== undefined) await this.keeper.withdraw(identity);
      throw error;
    }
    return this.followTurn(identity, gone);
  }

  /** Asks for the end of a turn, whichever process runs it. Returns false if it does not run. Whose it is has been checked. */
  async stopTurn(place: WaitingTurn): Promise<boolean> {
    const isHere = this.runner.find(place.turnId)?.conversationId === place.conversationId;
    return (isHere && this.runner.stop(place.turnId)) || this.keeper.requestStop(place);
  }

  /** The same for the turn that runs in a conversation. */
  async stopRunning(conversationId: string): Promise<boolean> {
    const running = await this.keeper.findRunning(conversationId);
    return running !== undefined && this.stopTurn(placeOf(running));
  }

  private async followTurn(identity: TurnIdentity, gone: AbortSignal): Promise<RunningTurn> {
    const turn = await this.follower.follow(identity, gone);
    // It was there a moment ago.
    if (!turn) throw turnInterrupted({ retryAfterSeconds: 1 });
    return turn;
  }

  private async draftTurn(
    ownerId: string,
    model: Model,
    body: ChatCompletionRequest,
    { conversationId, fork, gone }: TurnOptions,
  ): Promise<Draft> {
    const forked = fork && (await this.forks.resolve(conversationId, fork, body.messages));
    const options = passedOn(body);
    const cited = await this.passagesOf(ownerId, model, body, { conversationId, forked, gone });
    const messages = await this.promptOf(model, body, conversationId, forked, cited);
    const promptTokens = await countPromptTokens({ messages, options }, model.contextTokens);
    const maxOutputTokens = outputLimit(model, promptTokens, body);
    return {
      ownerId,
      model,
      newMessages: forked?.newMessages ?? newMessagesOf(body.messages),
      fork: forked?.fork ?? null,
      promptTokens,
      citations: cited.length === 0 ? null : cited.map(({ citation }) => citation),
      request: { messages, options, maxOutputTokens },
    };
  }

  /** What the documents have to say to the question, as far as there is room for it. */
  private async passagesOf(
    ownerId: string,
    model: Model,
    body: ChatCompletionRequest,
    where: { conversationId: string | undefined; forked: ForkedRequest | undefined; gone: AbortSignal },
  ): Promise<CitedPassage[]> {
    const { conversationId, forked, gone } = where;
    const question = lastUserText([...(forked?.history ?? []), ...(forked ?? body).messages]);
    const asked = body.collection_ids ?? undefined;
    const found = await this.knowledge.passagesFor(ownerId, { asked, conversationId }, question, gone);
    if (found.length === 0) return [];
    const room = Math.min(this.config.passageTokens, Math.floor(model.contextTokens / 4));
    return passagesThatFit(found, room, countMessageTokens);
  }

  /** The request's messages, with as much of the stored history as leaves room for the answer. */
  private async promptOf(
    model: Model,
    body: ChatCompletionRequest,
    conversationId: string | undefined,
    forked: ForkedRequest | undefined,
    cited: readonly CitedPassage[],
  ): Promise<readonly ChatMessage[]> {
    const given = (forked ?? body).messages;
    const messages = cited.length === 0 ? given : withHistory(given, [toPassageMessage(cited)]);
    if (conversationId === undefined || bringsHistory(messages) || this.config.historyMessages === 0)
      return messages;
    const limit = model.contextTokens;
    const own = await countPromptTokens({ messages, options: passedOn(body) }, limit);
    const room = limit - own - Math.min(askedLimit(model, body), Math.floor(limit / 2));
    const history =
      forked?.history ??
      (await this.conversations.latestMessages(conversationId, this.config.historyMessages));
    return withHistory(messages, await latestThatFit(toPrompt(history), room, countMessageTokens));
  }

  /**
   * Hold, conversation, turn; whatever fails takes back what came before it. Undefined if the same turn is kept
   * already, since the same request came twice at once.
   */
  private async acceptTurn(
    draft: Draft,
    identity: TurnIdentity,
    options: TurnOptions,
  ): Promise<KeptTurn | undefined> {
    const isNew = options.conversationId === undefined;
    const { ownerId, model, promptTokens, request } = draft;
    const { turnId, conversationId } = identity;
    const largestCost = costOf(model, { promptTokens, completionTokens: request.maxOutputTokens });
    const isOpen = await this.accounting.hold(ownerId, turnId, largestCost);
    if (!isOpen) throw idempotencyKeySpent({ param: 'Idempotency-Key' });
    try {
      const firstMessage = firstUserText(draft.newMessages);
      if (isNew || options.makesConversation) {
        await this.conversations.createConversation(ownerId, { id: conversationId, firstMessage });
      }
      return await this.keeper.start(await this.newTurn(draft, identity, options.messageId));
    } catch (error) {
      await this.accounting.close(ownerId, turnId, { kind: 'release' });
      // With an id that follows from a key or a chat's name another request may already count on it.
      if (isNew && !identity.isKeyed) {
        await this.conversations.withdrawConversation(ownerId, conversationId);
      }
      if (error instanceof AppError) throw error;
      throw serviceUnavailable({
        cause: error,
        retryAfterSeconds: 1,
        detail: 'The message could not be stored.',
      });
    }
  }

  private async newTurn(draft: Draft, identity: TurnIdentity, messageId?: string): Promise<Turn> {
    const startedAt = new Date(this.clock.nowMs()).toISOString();
    const messages = await Promise.all(
      draft.newMessages.map(async (message, index) => ({
        id: (index === draft.newMessages.length - 1 && messageId) || newId(),
        role: message.role,
        content: textOf(message),
        extra: extraOf(message),
        status: 'complete' as const,
        tokens: await countTextTokens(message),
        created_at: startedAt,
      })),
    );
    return {
      id: identity.turnId,
      conversation_id: identity.conversationId,
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
      request_hash: identity.requestHash,
      fork: draft.fork,
      citations: draft.citations,
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
