import { z } from 'zod';
import type { ReadableMessage } from '../../conversation/index.js';
import { messagePartUnreadable, userMessageMissing } from '../chat.errors.js';
import type { ChatCompletionRequest } from '../dto/chat-completion.dto.js';
import type { UiMessage, UiPart } from './ui-chat.dto.js';

/** From the messages of the AI SDK's user interfaces to those of the OpenAI API. */

type RequestMessage = ChatCompletionRequest['messages'][number];
type ContentPart = Exclude<RequestMessage['content'], string | null | undefined>[number];

const textPart = z.object({ text: z.string() });

const filePart = z.object({
  mediaType: z.string().regex(/^image\//, 'only images can be sent to a model'),
  url: z
    .string()
    .regex(/^(https?:\/\/|data:image\/)/i, 'must be an http(s) address or a data URL of an image'),
});

const toolPart = z.object({
  toolCallId: z.string(),
  state: z.string(),
  output: z.unknown().optional(),
  errorText: z.string().optional(),
});

const toolCallExtra = z.object({ tool_calls: z.array(z.object({ id: z.string() })).min(1) });

/** What a model is told about a call that the client gave no result for: a call without any is an error to it. */
const NO_RESULT = 'No result.';

/**
 * The ids of the tool calls that the last stored answer has made and nobody has answered yet.
 * @param latest the conversation's last messages
 */
export function openToolCalls(latest: readonly ReadableMessage[]): string[] {
  const lastAnswer = latest.findLastIndex((message) => message.role !== 'tool');
  const calls = toolCallExtra.safeParse(latest[lastAnswer]?.extra);
  if (latest[lastAnswer]?.role !== 'assistant' || !calls.success) return [];
  const answered = new Set(latest.slice(lastAnswer + 1).map((message) => message.extra?.['tool_call_id']));
  return calls.data.tool_calls.map(({ id }) => id).filter((id) => !answered.has(id));
}

/**
 * What a request says, as messages of the OpenAI API: its instructions, the results of the open tool calls, and its
 * user message, if that is what it ends with. All else of it is history, which is not taken from the client.
 * @throws user_message_missing, message_part_unreadable
 */
export function toChatMessages(
  messages: readonly UiMessage[],
  openCalls: readonly string[],
): RequestMessage[] {
  const results = clientResults(messages);
  const last = messages.at(-1);
  const hasQuestion = last?.role === 'user';
  const hasResult = openCalls.some((id) => results.has(id));
  if (!hasQuestion && !(last?.role === 'assistant' && hasResult))
    throw userMessageMissing({ param: 'messages' });
  return [
    ...messages.filter((message) => message.role === 'system').map(toInstruction),
    ...openCalls.map((id) => toToolMessage(id, results.get(id) ?? NO_RESULT)),
    ...(hasQuestion ? [toUserMessage(last)] : []),
  ];
}

function toToolMessage(callId: string, content: string): RequestMessage {
  return { role: 'tool', tool_call_id: callId, content };
}

function toInstruction(message: UiMessage): RequestMessage {
  const texts = message.parts
    .filter((part) => part.type === 'text')
    .map((part) => readPart(textPart, part).text);
  return { role: 'system', content: texts.join('') };
}

/** Like the AI SDK itself, text and files; the other kinds of parts are for the user interface alone. */
function toUserMessage(message: UiMessage): RequestMessage {
  const parts = message.parts.flatMap((part): ContentPart[] => {
    if (part.type === 'text') return [{ type: 'text', text: readPart(textPart, part).text }];
    if (part.type === 'file')
      return [{ type: 'image_url', image_url: { url: readPart(filePart, part).url } }];
    return [];
  });
  if (parts.length === 0) {
    throw userMessageMissing({
      detail: 'The last message has neither a text nor an image.',
      param: 'messages',
    });
  }
  const isText = parts.every((part) => part.type === 'text');
  return { role: 'user', content: isText ? parts.map((part) => part.text ?? '').join('') : parts };
}

/** The results that the client has for tool calls, as texts, by the ids of the calls. */
function clientResults(messages: readonly UiMessage[]): Map<string, string> {
  const parts = messages
    .filter((message) => message.role === 'assistant')
    .flatMap((message) => message.parts)
    .filter(isToolPart);
  return new Map(
    parts.flatMap((part): [string, string][] => {
      const { data } = toolPart.safeParse(part);
      const result = data && resultOf(data);
      return data && result !== undefined ? [[data.toolCallId, result]] : [];
    }),
  );
}

function isToolPart({ type }: UiPart): boolean {
  return type === 'dynamic-tool' || type.startsWith('tool-');
}

function resultOf({ state, output, errorText }: z.infer<typeof toolPart>): string | undefined {
  switch (state) {
    case 'output-available':
      return typeof output === 'string' ? output : JSON.stringify(output ?? null);
    case 'output-error':
      return errorText ?? 'The tool failed.';
    case 'output-denied':
      return 'The user did not allow this call.';
    default:
      return undefined;
  }
}

function readPart<T>(schema: z.ZodType<T>, part: UiPart): T {
  const read = schema.safeParse(part);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw messagePartUnreadable({
    detail: `A part of type '${part.type}': ${issue?.path.join('.')}: ${issue?.message}`,
    param: 'messages',
  });
}
