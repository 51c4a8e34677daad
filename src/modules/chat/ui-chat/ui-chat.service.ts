import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { MessageReader, type ReadableMessage } from '../../conversation/index.js';
import { ProviderService } from '../../provider/index.js';
import { chatConfig } from '../chat.config.js';
import { messageTaken } from '../chat.errors.js';
import { ChatService } from '../chat.service.js';
import type { ChatCompletionRequest } from '../dto/chat-completion.dto.js';
import type { RunningTurn } from '../running-turn.js';
import { type ChatConversation, ChatConversations } from './chat-conversations.service.js';
import { forkOf, intentOf, type TurnFork } from './chat-fork.js';
import { idsOf, latestVersion, type MessageVersions, nextVersion, versionsOf } from './client-message-ids.js';
import { toUiMessages } from './stored-ui-messages.js';
import { TurnFollower } from '../turn-follower.js';
import type { UiChatRequest, UiMessageList } from './ui-chat.dto.js';
import { openToolCalls, toChatMessages } from './ui-parts.js';

/** How far back an answer is looked for whose tool calls are open, or that is to be given anew. */
const LATEST_MESSAGES = 64;
/** How many messages a user interface is given to begin with. */
const SHOWN_MESSAGES = 200;

/** A turn as a reader of a UI message stream sees it. */
export interface UiTurn {
  readonly turn: RunningTurn;
  /** What the client is to call the answer. */
  readonly messageId: string;
}

/** What a request means in its conversation. */
interface Place {
  readonly fork: TurnFork | undefined;
  /** The id to store the user message under. */
  readonly messageId: string | undefined;
}

/** Chats of the AI SDK's user interfaces: the client names chats and messages, what counts is what is stored. */
@Injectable()
export class UiChatService {
  constructor(
    private readonly chat: ChatService,
    private readonly chats: ChatConversations,
    private readonly reader: MessageReader,
    private readonly follower: TurnFollower,
    private readonly provider: ProviderService,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /**
   * Accepts a turn; see `ChatService.startTurn`. The chat's conversation is made if it is not there.
   * @throws message_taken, message_unknown, message_part_unreadable, user_message_missing and
   * whatever `ChatService.startTurn` throws.
   */
  async startTurn(ownerId: string, body: UiChatRequest, gone: AbortSignal): Promise<UiTurn> {
    const conversation = await this.chats.resolve(ownerId, body.id);
    const latest = conversation.isThere
      ? (await this.reader.readLatest(conversation.id, LATEST_MESSAGES)).messages
      : [];
    const messages = toChatMessages(body.messages, openToolCalls(latest));
    const { fork, messageId } = await this.placeOf(conversation, body, latest);
    const turn = await this.chat.startTurn(ownerId, this.completionOf(body, messages), {
      conversationId: conversation.id,
      makesConversation: !conversation.isThere,
      messageId,
      fork,
      gone,
    });
    return { turn, messageId: continuedId(body) ?? turn.answerId };
  }

  /** The turn of a chat that runs, if there is one. */
  async findRunning(ownerId: string, chatId: string, gone: AbortSignal): Promise<UiTurn | undefined> {
    const conversation = await this.chats.resolve(ownerId, chatId);
    if (!conversation.isThere) return undefined;
    const turn = await this.follower.findRunning(conversation.id, gone);
    return turn && { turn, messageId: turn.answerId };
  }

  /** Ends the turn of a chat that runs with what there is of its answer. Returns false if none does. */
  async stopRunning(ownerId: string, chatId: string): Promise<boolean> {
    const conversation = await this.chats.resolve(ownerId, chatId);
    return conversation.isThere && this.chat.stopRunning(conversation.id);
  }

  /** The last messages of a chat, with the questions whose answers are still to come; none if it is new. */
  async listMessages(ownerId: string, chatId: string): Promise<UiMessageList> {
    const conversation = await this.chats.resolve(ownerId, chatId);
    if (!conversation.isThere) return { messages: [], has_earlier: false, conversation_id: null };
    const page = await this.reader.readLatest(conversation.id, SHOWN_MESSAGES);
    const { runningTurn } = page;
    const asked = runningTurn?.messages.map((message) => ({ ...message, turn_id: runningTurn.id })) ?? [];
    return {
      messages: toUiMessages([...page.messages, ...asked]),
      has_earlier: page.hasEarlier,
      conversation_id: conversation.id,
    };
  }

  /** @throws message_taken */
  private async placeOf(
    conversation: ChatConversation,
    body: UiChatRequest,
    latest: readonly ReadableMessage[],
  ): Promise<Place> {
    const intent = intentOf(body);
    const question = body.messages.findLast((message) => message.role === 'user');
    if (!question) return { fork: undefined, messageId: undefined };
    const versions = versionsOf(conversation.id, question.id);
    const named = body.messageId === undefined ? undefined : versionsOf(conversation.id, body.messageId);
    const storedIds = await this.findStored(conversation, named ? [versions, named] : [versions]);
    const fork = forkOf(intent, versions, storedIds, latest);
    const isQuestion = body.messages.at(-1) === question;
    if (!fork && isQuestion && latestVersion(versions, storedIds) !== undefined)
      throw messageTaken({ param: 'messages' });
    return { fork, messageId: isQuestion ? nextVersion(versions, storedIds) : undefined };
  }

  private async findStored(
    conversation: ChatConversation,
    versions: readonly MessageVersions[],
  ): Promise<Set<string>> {
    if (!conversation.isThere) return new Set();
    return this.reader.findMessageIds(conversation.id, versions.flatMap(idsOf));
  }

  private completionOf(
    { id: _id, trigger: _trigger, messageId: _messageId, ...fields }: UiChatRequest,
    messages: ChatCompletionRequest['messages'],
  ): ChatCompletionRequest {
    return { ...fields, model: fields.model ?? this.defaultModel(), messages };
  }

  private defaultModel(): string {
    return this.config.defaultModel || (this.provider.listModels()[0]?.id ?? '');
  }
}

/** The answer that goes on once its tool calls have results: to the client it stays one message. */
function continuedId({ messages }: UiChatRequest): string | undefined {
  const last = messages.at(-1);
  return last?.role === 'assistant' ? last.id : undefined;
}
