import { z } from 'zod';
import { citationsIn, type ReadableMessage, type TurnMessage } from '../../conversation/index.js';
import { toSourcePart } from './source-part.js';
import type { StoredUiMessage, UiPart } from './ui-chat.dto.js';

/** From stored messages to those that `useChat` shows. */

const contentExtra = z.object({
  content: z.array(
    z.looseObject({
      type: z.string(),
      text: z.string().optional(),
      image_url: z.looseObject({ url: z.string() }).optional(),
    }),
  ),
});

const toolCallExtra = z.object({
  tool_calls: z.array(
    z.looseObject({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }),
  ),
});

/** A stored message, with the turn that it is of. */
type Stored = Pick<ReadableMessage, 'turn_id'> & TurnMessage;

/** The messages of users and models. A tool's result becomes the output of the call that it answers. */
export function toUiMessages(messages: readonly Stored[]): StoredUiMessage[] {
  const results = new Map(
    messages
      .filter((message) => message.role === 'tool')
      .map((message) => [message.extra?.['tool_call_id'], message.content]),
  );
  return messages.flatMap((message): StoredUiMessage[] => {
    if (message.role !== 'user' && message.role !== 'assistant') return [];
    const parts = message.role === 'user' ? userParts(message) : answerParts(message, results);
    const metadata = { turn_id: message.turn_id, status: message.status, created_at: message.created_at };
    return [{ id: message.id, role: message.role, metadata, parts }];
  });
}

function userParts({ content, extra }: TurnMessage): UiPart[] {
  const stored = contentExtra.safeParse(extra);
  if (!stored.success) return [{ type: 'text', text: content }];
  return stored.data.content.flatMap((part): UiPart[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text ?? '' }];
    if (!part.image_url) return [];
    const { url } = part.image_url;
    return [{ type: 'file', mediaType: mediaTypeOf(url), url }];
  });
}

/** An address does not tell which kind of image it is of; this is how the AI SDK names any. */
function mediaTypeOf(url: string): string {
  return /^data:(image\/[\w.+-]+)/i.exec(url)?.[1] ?? 'image/*';
}

function answerParts(message: TurnMessage, results: ReadonlyMap<unknown, string>): UiPart[] {
  const calls = toolCallExtra.safeParse(message.extra).data?.tool_calls ?? [];
  // A withheld answer has nothing at all; the AI SDK refuses messages without parts.
  const hasText = message.content !== '' || calls.length === 0;
  const text: UiPart[] = hasText ? [{ type: 'text', text: message.content, state: 'done' }] : [];
  return [
    ...(citationsIn(message.extra) ?? []).map(toSourcePart),
    ...text,
    ...calls.map(({ id, function: { name, arguments: json } }) => {
      const call = { type: `tool-${name}`, toolCallId: id, input: parsed(json) };
      const result = results.get(id);
      return result === undefined
        ? { ...call, state: 'input-available' }
        : { ...call, state: 'output-available', output: parsed(result) };
    }),
  ];
}

/** JSON as what it says; anything else as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
