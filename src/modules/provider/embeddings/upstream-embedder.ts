import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, fetch, type Response } from 'undici';
import { z } from 'zod';
import type { ConfigOf } from '../../../platform/config/index.js';
import { providerConfig } from '../provider.config.js';
import { providerFailed, providerTimedOut } from '../provider.errors.js';
import { refusal, toProviderError } from '../upstream/upstream-provider.js';

/** Models take about 8,000 tokens; a Chinese character is up to one and a third. */
const MAX_INPUT_CHARACTERS = 6_000;
const MAX_DIMENSIONS = 4_096;
/** Room for 64 vectors of the largest size, their numbers written out. */
const MAX_ANSWER_BYTES = 16_000_000;

/** The parts that we read of an answer (platform.openai.com/docs/api-reference/embeddings). */
const answerSchema = z.object({
  data: z.array(
    z.object({ index: z.int().min(0), embedding: z.array(z.number()).min(1).max(MAX_DIMENSIONS) }),
  ),
});

/** `/embeddings` of an OpenAI-compatible API. */
@Injectable()
export class UpstreamEmbedder implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(@Inject(providerConfig.token) private readonly config: ConfigOf<typeof providerConfig>) {
    this.agent = new Agent({ connect: { timeout: config.connectTimeoutMs } });
  }

  /** One vector for each text, in their order, within the time that is configured. @throws a provider error */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const timeout = AbortSignal.timeout(this.config.embeddingsTimeoutMs);
    const abandoned = new AbortController();
    const abandon = () => abandoned.abort();
    try {
      const response = await this.post(texts, AbortSignal.any([signal, timeout, abandoned.signal]));
      if (!response.ok) throw await refusal(response, abandon);
      return vectorsOf(await readAnswer(response, abandon), texts.length);
    } catch (thrown) {
      signal.throwIfAborted();
      if (timeout.aborted) throw providerTimedOut({ cause: thrown });
      throw toProviderError(thrown);
    }
  }

  onApplicationShutdown(): Promise<void> {
    return this.agent.destroy();
  }

  private post(texts: readonly string[], signal: AbortSignal): Promise<Response> {
    const { embeddingsUrl, embeddingsApiKey, embeddingsModel } = this.config;
    return fetch(`${embeddingsUrl?.replace(/\/+$/, '')}/embeddings`, {
      method: 'POST',
      dispatcher: this.agent,
      signal,
      headers: {
        'content-type': 'application/json',
        ...(embeddingsApiKey ? { authorization: `Bearer ${embeddingsApiKey}` } : {}),
      },
      body: JSON.stringify({
        model: embeddingsModel,
        input: texts.map((text) => text.slice(0, MAX_INPUT_CHARACTERS).toWellFormed()),
        encoding_format: 'float',
      }),
    });
  }
}

async function readAnswer({ body }: Response, abandon: () => void): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += (part as Uint8Array).byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      abandon();
      throw providerFailed({ detail: 'The AI provider sent more than vectors can be.' });
    }
    parts.push(part as Uint8Array);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch (cause) {
    throw providerFailed({ detail: 'The AI provider did not send JSON.', cause });
  }
}

/** Vectors in the order of the texts; a provider may send them in any. */
function vectorsOf(answer: unknown, count: number): Float32Array[] {
  const data = answerSchema.safeParse(answer).data?.data ?? [];
  const byIndex = new Map(data.map(({ index, embedding }) => [index, Float32Array.from(embedding)]));
  const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index)).filter(
    (v) => v !== undefined,
  );
  const isWhole = data.length === count && vectors.length === count;
  if (!isWhole || vectors.some((vector) => vector.length !== vectors[0]?.length)) {
    throw providerFailed({ detail: 'The AI provider did not send one vector for each text.' });
  }
  return vectors;
}
