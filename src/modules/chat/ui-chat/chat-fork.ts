import type { ReadableMessage } from '../../conversation/index.js';
import { messageUnknown } from '../chat.errors.js';
import { latestVersion, type MessageVersions } from './client-message-ids.js';
import type { UiChatRequest } from './ui-chat.dto.js';

/** What a request wants, in the client's ids: a turn after all others, or one in the place of an earlier one. */
export type ChatIntent =
  | { readonly kind: 'append' }
  /** `messageId` is the user message that was changed. */
  | { readonly kind: 'edit'; readonly messageId: string }
  /** `messageId` is the answer to give anew; without it the last. */
  | { readonly kind: 'regenerate'; readonly messageId: string | undefined };

/**
 * Where a turn branches off, in our ids: beside the user message that was changed, or beside the answer that is
 * given anew (or its question, if that never got one).
 */
export interface TurnFork {
  readonly kind: 'edit' | 'regenerate';
  readonly messageId: string;
}

/**
 * Reads the intent of a request as `DefaultChatTransport` sends it: with `submit-message`, a `messageId` names the
 * user message that was edited, which is then the last; or the last assistant message, when tool results are sent.
 * @throws message_unknown if it names another message.
 */
export function intentOf({ trigger, messageId, messages }: UiChatRequest): ChatIntent {
  if (trigger === 'regenerate-message') return { kind: 'regenerate', messageId };
  if (messageId === undefined) return { kind: 'append' };
  const last = messages.at(-1);
  if (last?.id !== messageId) {
    throw messageUnknown({ detail: 'messageId must name the last of the messages.', param: 'messageId' });
  }
  return last.role === 'user' ? { kind: 'edit', messageId } : { kind: 'append' };
}

/**
 * The fork of a turn, or undefined for one after all others. A message that was never stored, because its turn was
 * refused, cannot be changed or answered anew: it is sent for the first time.
 * @param question the last user message of the request
 * @param storedIds which of the ids that the request can mean the conversation has
 * @param latest the conversation's last messages
 */
export function forkOf(
  intent: ChatIntent,
  question: MessageVersions,
  storedIds: ReadonlySet<string>,
  latest: readonly ReadableMessage[],
): TurnFork | undefined {
  const questionId = latestVersion(question, storedIds);
  if (intent.kind === 'append' || questionId === undefined) return undefined;
  if (intent.kind === 'edit') return { kind: 'edit', messageId: questionId };
  const named =
    intent.messageId !== undefined && storedIds.has(intent.messageId) ? intent.messageId : undefined;
  const isAnswer = named !== undefined && named !== questionId;
  return { kind: 'regenerate', messageId: isAnswer ? named : answerTo(questionId, latest) };
}

function answerTo(questionId: string, latest: readonly ReadableMessage[]): string {
  const turnId = latest.find((message) => message.id === questionId)?.turn_id;
  const answer = latest.findLast(
    (message) => message.turn_id === turnId && turnId !== undefined && message.role === 'assistant',
  );
  return answer?.id ?? questionId;
}
