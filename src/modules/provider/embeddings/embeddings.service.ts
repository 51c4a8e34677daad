import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '../../../platform/config/index.js';
import { providerConfig } from '../provider.config.js';
import { providerRefused } from '../provider.errors.js';
import { embedHashedNgrams, HASHED_NGRAMS } from './hashed-ngrams.js';
import { UpstreamEmbedder } from './upstream-embedder.js';

/** How many texts one call of the provider takes. */
const TEXTS_A_CALL = 64;

/** A text that every embedder takes. */
const PROBE = 'test';

/** Why a text has no vector. */
export interface RefusedText {
  readonly reason: string;
}

/** Turns texts into vectors: by the provider that is configured for it, or by the built-in embedder. */
@Injectable()
export class EmbeddingsService {
  /** What makes the vectors. Those of different embedders must not be compared. */
  readonly embedder: string;
  private readonly isUpstream: boolean;

  constructor(
    @Inject(providerConfig.token) config: ConfigOf<typeof providerConfig>,
    private readonly upstream: UpstreamEmbedder,
  ) {
    this.isUpstream = config.embeddingsUrl !== undefined;
    const version = config.embeddingsVersion === 0 ? '' : `#${config.embeddingsVersion}`;
    this.embedder = this.isUpstream ? `upstream:${config.embeddingsModel}${version}` : HASHED_NGRAMS;
  }

  /**
   * One vector for each text, in their order. A provider is sent the beginning of a long one. Nothing is tried twice.
   * @throws a provider error; provider_refused also if only one of the texts is not taken.
   */
  async embed(texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += TEXTS_A_CALL) {
      signal.throwIfAborted();
      const batch = texts.slice(start, start + TEXTS_A_CALL);
      vectors.push(...(this.isUpstream ? await this.upstream.embed(batch, signal) : await embedHere(batch)));
    }
    return vectors;
  }

  /**
   * Like `embed`, but a text that is not taken has no vector, and those beside it do. A text is given up only if the
   * embedder takes another: it may be the embedder that is set up wrong.
   * @throws a provider error
   */
  async embedEach(texts: readonly string[], signal: AbortSignal): Promise<(Float32Array | RefusedText)[]> {
    try {
      return await this.embed(texts, signal);
    } catch (error) {
      if (!providerRefused.is(error)) throw error;
    }
    const vectors: (Float32Array | RefusedText)[] = [];
    for (const text of texts) vectors.push(await this.embedOne(text, signal));
    return vectors;
  }

  private async embedOne(text: string, signal: AbortSignal): Promise<Float32Array | RefusedText> {
    try {
      const [vector] = await this.embed([text], signal);
      return vector ?? { reason: 'There was no vector.' };
    } catch (error) {
      if (!providerRefused.is(error)) throw error;
      await this.embed([PROBE], signal);
      return { reason: error.cause instanceof Error ? error.cause.message : error.message };
    }
  }
}

/** Lets other work in between: a long text takes milliseconds. */
async function embedHere(texts: readonly string[]): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const text of texts) {
    vectors.push(embedHashedNgrams(text));
    await nextTurn();
  }
  return vectors;
}
