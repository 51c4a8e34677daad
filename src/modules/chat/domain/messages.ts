import type { ReadableMessage, TurnMessage } from '../../conversation/index.js';
import { type ChatMessage, textOf } from '../../provider/index.js';

/** From the wire's messages to stored ones, and back. */

const INSTRUCTION_ROLES = new Set(['system', 'developer']);

/**
 * The messages of a request that are new: what stands after the last answer. Instructions are not part of the
 * conversation: like in the Responses API, each request brings its own.
 */
export function newMessagesOf(messages: readonly ChatMessage[]): ChatMessage[] {
  const lastAnswer = messages.findLastIndex((message) => message.role === 'assistant');
  return messages.slice(lastAnswer + 1).filter((message) => !INSTRUCTION_ROLES.has(message.role));
}

/** The instructions of a request. */
export function instructionsOf(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.filter((message) => INSTRUCTION_ROLES.has(message.role));
}

/** True if the request brings the conversation so far along, as SDK clients do. */
export function bringsHistory(messages: readonly ChatMessage[]): boolean {
  return messages.some((message) => message.role === 'assistant');
}

/** Stored messages as a model is given them. */
export function toPrompt(history: readonly ReadableMessage[]): ChatMessage[] {
  return history.filter(isReadableToModel).map(toChatMessage);
}

/** The request's messages with earlier ones put between its instructions and what is new. */
export function withHistory(
  messages: readonly ChatMessage[],
  history: readonly ChatMessage[],
): ChatMessage[] {
  const rest = messages.filter((message) => !INSTRUCTION_ROLES.has(message.role));
  return [...instructionsOf(messages), ...history, ...rest];
}

/** The latest messages that have room together, from a question on: models refuse the result of a call they do not see. */
export async function latestThatFit(
  history: readonly ChatMessage[],
  room: number,
  countTokens: (message: ChatMessage) => Promise<number>,
): Promise<ChatMessage[]> {
  let first = history.length;
  let left = room;
  for (const [index, message] of [...history.entries()].toReversed()) {
    left -= await countTokens(message);
    if (left < 0) break;
    if (message.role === 'user') first = index;
  }
  return history.slice(first);
}

/** An answer that was withheld, or never came, is not shown to a model. */
function isReadableToModel(message: ReadableMessage): boolean {
  return message.role !== 'assistant' || message.content !== '' || message.extra !== null;
}

function toChatMessage({ role, content, extra }: ReadableMessage): ChatMessage {
  // What an answer was given to cite is not part of what was said.
  const { annotations: _annotations, ...rest } = extra ?? {};
  return { role, content, ...rest };
}

/** What a message has besides role and text, to be stored: its parts if one is not text, tool calls and the like. */
export function extraOf(message: ChatMessage): TurnMessage['extra'] {
  const { role: _role, content, ...rest } = message;
  const hasOtherParts = Array.isArray(content) && content.some((part) => part.type !== 'text');
  const extra: Record<string, unknown> = { ...rest, ...(hasOtherParts ? { content } : {}) };
  return Object.keys(extra).length > 0 ? extra : null;
}

/** The text by which a conversation is named. */
export function firstUserText(messages: readonly ChatMessage[]): string {
  const message = messages.find(({ role }) => role === 'user');
  return message ? textOf(message) : '';
}

/** The text of the last message of the user; empty without one. */
export function lastUserText(messages: readonly (ChatMessage | ReadableMessage)[]): string {
  const message = messages.findLast(({ role }) => role === 'user');
  return message ? textOf(message as ChatMessage) : '';
}
