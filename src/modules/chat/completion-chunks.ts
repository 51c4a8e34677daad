import { idSchema } from '../../shared/ids.js';
import type { ChatCompletionAnswer } from './dto/chat-completion.dto.js';
import { annotationsOf, type AnswerPiece } from '../conversation/index.js';
import type { AnswerEnd, RunningTurn } from './running-turn.js';

/**
 * The OpenAI wire format of an answer (platform.openai.com/docs/api-reference/chat-streaming): the same `id`
 * and `created` on every chunk; first a delta with the role, last one with the finish reason; with
 * `include_usage`, `usage: null` on each and one chunk more, without choices, that has it.
 */
export class CompletionChunks {
  private readonly base: { id: string; object: string; created: number; model: string };

  constructor(
    private readonly turn: RunningTurn,
    private readonly includesUsage: boolean,
  ) {
    this.base = {
      id: completionId(turn),
      object: 'chat.completion.chunk',
      created: turn.createdSeconds,
      model: turn.modelId,
    };
  }

  first(): unknown {
    return this.chunk({ role: 'assistant', content: '', ...annotationsOf(this.turn.citations) }, null);
  }

  piece(piece: AnswerPiece): unknown {
    return this.chunk(piece.type === 'text' ? { content: piece.text } : { tool_calls: piece.deltas }, null);
  }

  last({ finishReason, usage }: AnswerEnd): unknown[] {
    const last = this.chunk({}, finishReason);
    if (!this.includesUsage) return [last];
    return [last, { ...this.base, choices: [], usage: wireUsage(usage) }];
  }

  private chunk(delta: Record<string, unknown>, finishReason: string | null): unknown {
    return {
      ...this.base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(this.includesUsage ? { usage: null } : {}),
    };
  }
}

/** The answer to a request that does not stream, or one that was stored. */
export function completionAnswer(
  turn: Pick<RunningTurn, 'id' | 'createdSeconds' | 'modelId' | 'citations'>,
  end: Pick<AnswerEnd, 'text' | 'toolCalls' | 'finishReason' | 'usage'>,
): ChatCompletionAnswer {
  const isWithheld = end.finishReason === 'content_filter';
  return {
    id: completionId(turn),
    object: 'chat.completion',
    created: turn.createdSeconds,
    model: turn.modelId,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: isWithheld || (end.toolCalls && end.text === '') ? null : end.text,
          refusal: null,
          ...(isWithheld ? {} : annotationsOf(turn.citations)),
          ...(end.toolCalls && !isWithheld ? { tool_calls: end.toolCalls.map((call) => ({ ...call })) } : {}),
        },
        logprobs: null,
        finish_reason: end.finishReason,
      },
    ],
    usage: wireUsage(end.usage),
  };
}

const ID_PREFIX = 'chatcmpl-';

function completionId(turn: { readonly id: string }): string {
  return `${ID_PREFIX}${turn.id}`;
}

/** The id of the turn that a completion id speaks of; undefined if it is none of ours. */
export function turnIdOf(completion: string): string | undefined {
  if (!completion.startsWith(ID_PREFIX)) return undefined;
  return idSchema.safeParse(completion.slice(ID_PREFIX.length)).data;
}

function wireUsage({ promptTokens, completionTokens }: AnswerEnd['usage']) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
