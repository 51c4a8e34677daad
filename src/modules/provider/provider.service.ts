import { Inject, Injectable } from '@nestjs/common';
import { appEnvironmentConfig, type ConfigOf } from '../../platform/config/index.js';
import type { ProviderEvent, ProviderRequest } from './domain/chat.js';
import type { Model } from './domain/model.js';
import { LocalProvider } from './local/local-provider.js';
import { LOCAL_MODEL_ID, parseLocalScript } from './local/local-script.js';
import { providerConfig } from './provider.config.js';
import { modelNotFound } from './provider.errors.js';
import { UpstreamProvider } from './upstream/upstream-provider.js';

/** What the built-in model costs, so that charging can be seen at work: 1 and 2 micro-coins a token. */
const LOCAL_INPUT_PRICE = 1_000_000n;
const LOCAL_OUTPUT_PRICE = 2_000_000n;
const LOCAL_MAX_OUTPUT_TOKENS = 4_096;
const LOCAL_CONTEXT_TOKENS = 128_000;

/** The models that callers may use, and the way to ask them. */
@Injectable()
export class ProviderService {
  private readonly models: ReadonlyMap<string, Model>;

  constructor(
    @Inject(providerConfig.token) private readonly config: ConfigOf<typeof providerConfig>,
    @Inject(appEnvironmentConfig.token) private readonly app: ConfigOf<typeof appEnvironmentConfig>,
    private readonly local: LocalProvider,
    private readonly upstream: UpstreamProvider,
  ) {
    this.models = new Map(this.configuredModels().map((model) => [model.id, model]));
  }

  /** All models by their public names. */
  listModels(): Model[] {
    return [...this.models.values()];
  }

  /** @throws model_not_found */
  getModel(id: string): Model {
    const model = this.models.get(id) ?? this.scriptedModel(id);
    if (model) return model;
    const names = [...this.models.keys()].slice(0, 20).join(', ') || 'none is configured';
    throw modelNotFound({
      detail: `There is no model '${id.slice(0, 100)}' here. There are: ${names}.`,
      param: 'model',
    });
  }

  /** Streams a model's answer; see `ChatProvider.stream`. */
  stream(model: Model, request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent> {
    return (model.provider === 'local' ? this.local : this.upstream).stream(model, request, signal);
  }

  private configuredModels(): Model[] {
    const upstreamModels = this.config.upstreamUrl === undefined ? [] : this.config.models;
    const models = upstreamModels.map((model): Model => ({
      id: model.id,
      provider: 'upstream',
      upstreamId: model.upstream_id ?? model.id,
      inputPrice: model.input_price,
      outputPrice: model.output_price,
      maxOutputTokens: model.max_output_tokens,
      contextTokens: model.context_tokens,
      outputLimitField: model.output_limit_field,
    }));
    return this.offersLocal() ? [...models, localModel(LOCAL_MODEL_ID)] : models;
  }

  private offersLocal(): boolean {
    if (this.config.localModel === 'auto') return this.config.upstreamUrl === undefined;
    return this.config.localModel === 'on';
  }

  /** Test instruments are not offered in production. */
  private scriptedModel(id: string): Model | undefined {
    const isOffered = this.offersLocal() && this.app.nodeEnv !== 'production';
    return isOffered && parseLocalScript(id) ? localModel(id) : undefined;
  }
}

function localModel(id: string): Model {
  return {
    id,
    provider: 'local',
    upstreamId: id,
    inputPrice: LOCAL_INPUT_PRICE,
    outputPrice: LOCAL_OUTPUT_PRICE,
    maxOutputTokens: LOCAL_MAX_OUTPUT_TOKENS,
    contextTokens: LOCAL_CONTEXT_TOKENS,
    outputLimitField: 'max_tokens',
  };
}
