import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { Agent, fetch, type Response } from 'undici';
import type { ConfigOf } from '../../../platform/config/index.js';
import { AppError, errorKinds } from '../../../platform/errors/index.js';
import type { ChatProvider } from '../chat-provider.js';
import type { ProviderEvent, ProviderRequest } from '../domain/chat.js';
import type { Model } from '../domain/model.js';
import { providerConfig } from '../provider.config.js';
import {
  providerFailed,
  providerOverloaded,
  providerRefused,
  providerRejectsUs,
  providerTimedOut,
} from '../provider.errors.js';
import { ReadTimeoutError, readWithin } from './timed-reader.js';
import { eventsOfChunk, UpstreamErrorFrame } from './upstream-chunk.js';

const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/** How much of an error page is read, how long that may take, and how much of its message is shown. */
const MAX_ERROR_PAGE = 8_000;
const ERROR_PAGE_PAUSE_MS = 1_000;
const MAX_ERROR_MESSAGE = 500;
const DONE = '[DONE]';
/** How long we wait after [DONE] for the end of the body, without which the connection cannot be used again. */
const END_OF_BODY_PAUSE_MS = 100;

/** An OpenAI-compatible API elsewhere. Always asked to stream and to count. */
@Injectable()
export class UpstreamProvider implements ChatProvider, OnApplicationShutdown {
  private readonly logger = new Logger('Provider');
  private readonly agent: Agent;

  constructor(@Inject(providerConfig.token) private readonly config: ConfigOf<typeof providerConfig>) {
    this.agent = new Agent({
      connect: { timeout: config.connectTimeoutMs },
      headersTimeout: config.firstTokenTimeoutMs,
      // Pauses are timed between tokens, by `readWithin`.
      bodyTimeout: 0,
    });
  }

  /** Tries again while no token has come: after that the caller has seen part of an answer. */
  async *stream(model: Model, request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent> {
    for (let attempt = 1; ; attempt++) {
      let hasBegun = false;
      try {
        for await (const event of this.attempt(model, request, signal)) {
          hasBegun = true;
          yield event;
        }
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toProviderError(thrown);
        const mayRetry = !hasBegun && isWorthRetrying(error) && attempt < this.config.maxAttempts;
        this.logger.warn('the provider failed', {
          model: model.id,
          attempt,
          will_retry: mayRetry,
          reason: error.cause instanceof Error ? error.cause.message : error.message,
        });
        if (!mayRetry) throw error;
        await delay(backoffMs(attempt, error.retryAfterSeconds), undefined, { signal });
      }
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.agent.destroy();
  }

  private async *attempt(
    model: Model,
    request: ProviderRequest,
    signal: AbortSignal,
  ): AsyncIterable<ProviderEvent> {
    const startedAt = performance.now();
    const abandoned = new AbortController();
    const abandon = () => abandoned.abort();
    const response = await this.post(model, request, AbortSignal.any([signal, abandoned.signal]));
    if (!response.ok) throw await refusal(response, abandon);
    if (!response.body) throw providerFailed({ detail: 'The AI provider sent no body.' });
    const frames = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    const { firstTokenTimeoutMs, idleTimeoutMs } = this.config;
    let limitMs = firstTokenTimeoutMs - (performance.now() - startedAt);
    let hasBegun = false;
    let hasFinished = false;
    let isDone = false;
    try {
      for await (const frame of readWithin(frames, () => limitMs, abandon)) {
        isDone ||= frame.data === DONE;
        if (!isDone) {
          for (const event of eventsOfChunk(frame.data)) {
            hasBegun = true;
            hasFinished ||= event.type === 'finish';
            yield event;
          }
        }
        // A model may send empty pieces while it thinks.
        if (isDone) limitMs = END_OF_BODY_PAUSE_MS;
        else limitMs = hasBegun ? idleTimeoutMs : firstTokenTimeoutMs;
      }
    } catch (error) {
      // All of the answer is here; how the connection ends is of no interest.
      if (!isDone) throw error;
    }
    // Some compatible servers leave out [DONE]; without a finish reason the answer was cut.
    if (!isDone && !hasFinished)
      throw providerFailed({ detail: 'The AI provider broke off in the middle of its answer.' });
  }

  private post(model: Model, request: ProviderRequest, signal: AbortSignal): Promise<Response> {
    return fetch(`${this.config.upstreamUrl?.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      dispatcher: this.agent,
      signal,
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(this.config.upstreamApiKey ? { authorization: `Bearer ${this.config.upstreamApiKey}` } : {}),
      },
      body: JSON.stringify({
        ...request.options,
        model: model.upstreamId,
        messages: request.messages,
        [model.outputLimitField]: request.maxOutputTokens,
        stream: true,
        stream_options: { include_usage: true },
      }),
    });
  }
}

/** A key that is not accepted has to be mended by an operator first. */
function isWorthRetrying(error: AppError): boolean {
  return errorKinds[error.kind].isRetryable && !providerRejectsUs.is(error);
}

function backoffMs(attempt: number, retryAfterSeconds: number | undefined): number {
  if (retryAfterSeconds !== undefined) return Math.min(retryAfterSeconds * 1000, MAX_BACKOFF_MS);
  return Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS) * (0.5 + Math.random() / 2);
}

/** What a status other than 2xx means for our caller. Our own standing there is the operator's matter, not the caller's. */
export async function refusal(response: Response, abandon: () => void): Promise<AppError> {
  const text = await startOfPage(response, abandon);
  const { status } = response;
  const cause = new Error(`The provider answered ${status}: ${text}`);
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after'));
    return providerOverloaded({
      cause,
      retryAfterSeconds: Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 1,
    });
  }
  if (status === 408 || status === 504) return providerTimedOut({ cause });
  if (status >= 500) return providerFailed({ detail: `The AI provider answered ${status}.`, cause });
  if (status === 401 || status === 402 || status === 403) return providerRejectsUs({ cause });
  return providerRefused({ detail: upstreamMessage(text) ?? `The AI provider answered ${status}.`, cause });
}

/** The beginning of an error page, as far as it comes. */
async function startOfPage({ body }: Response, abandon: () => void): Promise<string> {
  let text = '';
  if (!body) return text;
  try {
    const parts = body.pipeThrough(new TextDecoderStream());
    for await (const part of readWithin(parts, () => ERROR_PAGE_PAUSE_MS, abandon)) {
      text += part;
      if (text.length > MAX_ERROR_PAGE) break;
    }
  } catch {
    // The status says enough.
  }
  return text.slice(0, MAX_ERROR_PAGE);
}

function upstreamMessage(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof body.error?.message === 'string'
      ? body.error.message.slice(0, MAX_ERROR_MESSAGE)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What a failure to get an answer means for our caller. */
export function toProviderError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof ReadTimeoutError) return providerTimedOut({ cause: thrown });
  if (thrown instanceof UpstreamErrorFrame) return providerFailed({ detail: thrown.message, cause: thrown });
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  const code = (cause as { code?: unknown } | null)?.code;
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return providerTimedOut({ cause: thrown });
  return providerFailed({ detail: 'The AI provider could not be reached.', cause: thrown });
}
