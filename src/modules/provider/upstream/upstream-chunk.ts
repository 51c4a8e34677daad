import { z } from 'zod';
import type { ProviderEvent } from '../domain/chat.js';

const tokenCount = z.int().min(0).max(100_000_000);

/** What `finish_reason` looks like in the API. It is stored and passed on, so nothing else is let through. */
const FINISH_REASON = /^[a-z_]{1,32}$/;

/**
 * The parts that we read of a chunk of `POST /chat/completions` with `stream: true`
 * (platform.openai.com/docs/api-reference/chat-streaming). Providers leave out and add fields freely, so
 * everything is optional and the rest is ignored.
 */
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.int().min(0).max(127).default(0),
                  id: z.string().nullish(),
                  type: z.string().nullish(),
                  function: z
                    .object({ name: z.string().nullish(), arguments: z.string().nullish() })
                    .nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  // A count that cannot be is as good as none; it must not spoil the answer.
  usage: z.object({ prompt_tokens: tokenCount, completion_tokens: tokenCount }).nullish().catch(undefined),
  error: z.union([z.string(), z.object({ message: z.string().nullish() })]).nullish(),
});

export class UpstreamErrorFrame extends Error {}

/**
 * The events in one `data:` line of the upstream.
 * @throws UpstreamErrorFrame if the line is an error object, or is not JSON of the expected form.
 */
export function eventsOfChunk(data: string): ProviderEvent[] {
  const chunk = chunkSchema.safeParse(parseJson(data));
  if (!chunk.success) throw new UpstreamErrorFrame('It sent a line that is not a chunk.');
  const { choices, usage, error } = chunk.data;
  if (error)
    throw new UpstreamErrorFrame(typeof error === 'string' ? error : (error.message ?? 'It sent an error.'));
  const events: ProviderEvent[] = [];
  const choice = choices?.[0];
  if (choice?.delta?.content) events.push({ type: 'text', text: choice.delta.content });
  if (choice?.delta?.tool_calls?.length) {
    const deltas = choice.delta.tool_calls.map((call) => ({
      index: call.index,
      id: call.id ?? undefined,
      type: call.type ?? undefined,
      function: call.function
        ? { name: call.function.name ?? undefined, arguments: call.function.arguments ?? undefined }
        : undefined,
    }));
    events.push({ type: 'tool_calls', deltas });
  }
  if (choice?.finish_reason) {
    const reason = FINISH_REASON.test(choice.finish_reason) ? choice.finish_reason : 'stop';
    events.push({ type: 'finish', reason });
  }
  if (usage) {
    const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage;
    events.push({ type: 'usage', usage: { promptTokens, completionTokens } });
  }
  return events;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
