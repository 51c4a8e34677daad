import { z } from 'zod';
import { type AnsweredTurn, citationsIn, type SavedTurnMessage } from '../../conversation/index.js';
import { completionAnswer } from '../completion-chunks.js';
import type { ChatCompletionAnswer } from '../dto/chat-completion.dto.js';
import type { StoredMessage } from './stored-completion.dto.js';

const toolCalls = z.array(
  z.object({
    id: z.string(),
    type: z.string(),
    function: z.object({ name: z.string(), arguments: z.string() }),
  }),
);
const contentParts = z.array(z.looseObject({ type: z.string() }));

/** A saved turn as the completion that it was. */
export function toStoredCompletion(turn: AnsweredTurn): ChatCompletionAnswer {
  return completionAnswer(
    {
      id: turn.id,
      createdSeconds: Math.floor(turn.startedAt.getTime() / 1000),
      modelId: turn.model,
      citations: citationsIn(turn.answer?.extra),
    },
    {
      text: turn.answer?.content ?? '',
      toolCalls: toolCalls.safeParse(turn.answer?.extra?.['tool_calls']).data,
      // The provider of an answer that was stopped did not come to say why it ends.
      finishReason: turn.finishReason ?? 'stop',
      usage: { promptTokens: turn.promptTokens, completionTokens: turn.completionTokens, source: 'provider' },
    },
  );
}

/** A message of a request; what it had besides its content, such as `tool_call_id`, stays as it came. */
export function toStoredMessage({ id, role, content, extra }: SavedTurnMessage): StoredMessage {
  const { content: parts, ...rest } = extra ?? {};
  return { ...rest, id, role, content, content_parts: contentParts.safeParse(parts).data ?? null };
}

/** A page in the shape of the OpenAI API, of what was read with one item more than `limit`. */
export function toListPage<T extends { id: string }>(items: readonly T[], limit: number) {
  const data = items.slice(0, limit);
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: items.length > data.length,
  };
}
