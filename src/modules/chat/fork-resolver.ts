import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../platform/config/index.js';
import { BranchService, messageNotFound, type ReadableMessage, type Turn } from '../conversation/index.js';
import type { ChatMessage } from '../provider/index.js';
import { chatConfig } from './chat.config.js';
import { messageNotEditable, userMessageMissing } from './chat.errors.js';
import { bringsHistory, instructionsOf, newMessagesOf, toPrompt } from './domain/messages.js';

/** What a request asks for besides a next turn: another wording of a message, or another answer. */
export interface ForkRequest {
  kind: 'edit' | 'regenerate';
  messageId: string;
}

/** A request that forks, as a turn is made from it. */
export interface ForkedRequest {
  fork: NonNullable<Turn['fork']>;
  /** What is asked, where the request's messages would be: the new question, or the stored one again. */
  messages: readonly ChatMessage[];
  /** To be stored; a new answer stores none. */
  newMessages: ChatMessage[];
  /** The path before what is asked; the latest of it. */
  history: readonly ReadableMessage[];
}

/** Finds out where a request forks its conversation, and what its prompt is made of. */
@Injectable()
export class ForkResolver {
  constructor(
    private readonly branches: BranchService,
    @Inject(chatConfig.token) private readonly config: ConfigOf<typeof chatConfig>,
  ) {}

  /**
   * Whose the conversation is has been checked before.
   * @throws message_not_found, message_not_editable, user_message_missing, too_many_branches.
   */
  async resolve(
    conversationId: string | undefined,
    request: ForkRequest,
    messages: readonly ChatMessage[],
  ): Promise<ForkedRequest> {
    if (conversationId === undefined) {
      throw messageNotFound({ detail: 'Name the conversation of the message in X-Conversation-Id.' });
    }
    return request.kind === 'edit'
      ? this.resolveEdit(conversationId, request.messageId, messages)
      : this.resolveRegeneration(conversationId, request.messageId, messages);
  }

  private async resolveEdit(
    conversationId: string,
    messageId: string,
    messages: readonly ChatMessage[],
  ): Promise<ForkedRequest> {
    const limit = Math.max(this.config.historyMessages, 1) + 1;
    const path = await this.branches.readForkPath(conversationId, messageId, limit);
    if (path.at(-1)?.role === 'assistant') throw messageNotEditable({ param: 'X-Edit-Message-Id' });
    const history = path.slice(0, -1);
    return {
      fork: { after_message_id: history.at(-1)?.id ?? null },
      messages,
      newMessages: newMessagesOf(messages),
      history,
    };
  }

  private async resolveRegeneration(
    conversationId: string,
    messageId: string,
    messages: readonly ChatMessage[],
  ): Promise<ForkedRequest> {
    const { history, question } = await this.readQuestion(conversationId, messageId);
    const last = question.at(-1);
    if (!last) throw userMessageMissing({ param: 'X-Regenerate-Message-Id' });
    return {
      fork: { after_message_id: last.id },
      messages: bringsHistory(messages) ? messages : [...instructionsOf(messages), ...toPrompt(question)],
      newMessages: [],
      history: history.slice(Math.max(0, history.length - this.config.historyMessages)),
    };
  }

  /** The messages of the turn to be answered again, whole, and some of those before them. */
  private async readQuestion(
    conversationId: string,
    messageId: string,
  ): Promise<{ history: ReadableMessage[]; question: ReadableMessage[] }> {
    // A request has a limited number of messages, so this ends; nearly always at the first try.
    for (let limit = this.config.historyMessages + 2; ; limit *= 2) {
      const path = await this.branches.readForkPath(conversationId, messageId, limit);
      const end = path.at(-1)?.role === 'assistant' ? path.length - 1 : path.length;
      const turnId = path[end - 1]?.turn_id;
      const isAsked = (message: ReadableMessage) =>
        message.turn_id === turnId && message.role !== 'assistant';
      const start = path.slice(0, end).findLastIndex((message) => !isAsked(message)) + 1;
      const isWhole = start > 0 || path.length < limit;
      if (isWhole) return { history: path.slice(0, start), question: path.slice(start, end) };
    }
  }
}
