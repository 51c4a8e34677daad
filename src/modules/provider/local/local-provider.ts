import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { ChatProvider } from '../chat-provider.js';
import { type ChatMessage, type ProviderEvent, type ProviderRequest, textOf } from '../domain/chat.js';
import type { Model } from '../domain/model.js';
import { modelNotFound, providerFailed } from '../provider.errors.js';
import { countPromptTokens } from '../tokenizer.js';
import { parseLocalScript } from './local-script.js';

const QUOTED_CHARACTERS = 200;

/**
 * The built-in model: it answers without any service, the same to the same words, and says what it is. Its
 * tokens are words with the space before them.
 */
@Injectable()
export class LocalProvider implements ChatProvider {
  async *stream(model: Model, request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent> {
    const script = parseLocalScript(model.upstreamId);
    if (!script) throw modelNotFound();
    const tokens = script.tokens > 0 ? numberedWords(script.tokens) : usualAnswer(request.messages);
    if (script.firstDelayMs > 0) await delay(script.firstDelayMs, undefined, { signal });
    let produced = 0;
    let reason = 'stop';
    for (const text of tokens) {
      if (produced === script.failAfter)
        throw providerFailed({ detail: 'The local model fails as it was told to.' });
      if (produced === script.violateAfter) {
        reason = 'content_filter';
        break;
      }
      if (produced === request.maxOutputTokens) {
        reason = 'length';
        break;
      }
      await (script.delayMs > 0
        ? delay(script.delayMs, undefined, { signal })
        : nextTurn(undefined, { signal }));
      produced++;
      yield { type: 'text', text };
    }
    yield { type: 'finish', reason };
    if (script.omitsUsage) return;
    const promptTokens = await countPromptTokens(request);
    yield { type: 'usage', usage: { promptTokens, completionTokens: produced } };
  }
}

function* numberedWords(count: number): Iterable<string> {
  for (let number = 1; number <= count; number++) yield number === 1 ? 'w1' : ` w${number}`;
}

function usualAnswer(messages: readonly ChatMessage[]): string[] {
  const lastUserMessage = messages.findLast((message) => message.role === 'user');
  const said = lastUserMessage ? textOf(lastUserMessage).slice(0, QUOTED_CHARACTERS) : '';
  const answer =
    "I am Lockkeeper's built-in local model: I do not think, I only show that everything works. " +
    `You are at message ${messages.length} of our conversation, and you wrote: “${said}”`;
  return answer.match(/\s*\S+/gu) ?? [answer];
}
