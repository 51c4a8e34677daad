import { z } from 'zod';
import { defineConfig, read, variable } from '../../platform/config/index.js';
import { LOCAL_MODEL_ID } from './local/local-script.js';

const upstreamModel = z.strictObject({
  id: z.string().min(1).max(128).describe('the name that callers use'),
  upstream_id: z.string().min(1).max(128).optional().describe('the name at the provider, if another'),
  input_price: read.coinsText.describe('coins for a million input tokens, as a decimal string'),
  output_price: read.coinsText.describe('coins for a million output tokens, as a decimal string'),
  max_output_tokens: z.int().min(1).max(1_000_000).default(4096),
  context_tokens: z.int().min(1).max(10_000_000).default(128_000),
  output_limit_field: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
});

const upstreamModels = z
  .array(upstreamModel)
  .max(1000)
  .superRefine((models, context) => {
    const taken = new Map([[LOCAL_MODEL_ID, 'is the name of the built-in model']]);
    models.forEach(({ id }, index) => {
      const problem = taken.get(id);
      if (problem) context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} ${problem}` });
      else taken.set(id, 'is listed twice');
    });
  });

const timeoutMs = (defaultMs: number) => read.integer(defaultMs, { min: 10, max: 3_600_000 });

export const providerConfig = defineConfig('provider', {
  upstreamUrl: variable({
    env: 'LOCKKEEPER_UPSTREAM_URL',
    description: 'Base address of an OpenAI-compatible API, such as https://api.openai.com/v1.',
    schema: read.optionalUrl(['http', 'https']),
    example: '',
  }),
  upstreamApiKey: variable({
    env: 'LOCKKEEPER_UPSTREAM_API_KEY',
    description: 'The API key for LOCKKEEPER_UPSTREAM_URL, if it wants one.',
    schema: read.text(''),
    example: '',
  }),
  models: variable({
    env: 'LOCKKEEPER_MODELS',
    description:
      'The models of LOCKKEEPER_UPSTREAM_URL as a JSON list of {id, input_price, output_price (coins per million tokens), max_output_tokens, context_tokens, upstream_id, output_limit_field}.',
    schema: read.json(upstreamModels, '[]'),
    example: '[]',
  }),
  localModel: variable({
    env: 'LOCKKEEPER_LOCAL_MODEL',
    description:
      'Whether the built-in model `local` is offered: on, off, or auto (only while there is no upstream).',
    schema: z.enum(['on', 'off', 'auto']).default('auto'),
    example: 'auto',
  }),
  connectTimeoutMs: variable({
    env: 'LOCKKEEPER_UPSTREAM_CONNECT_TIMEOUT_MS',
    description: 'How long a connection to the provider may take to open.',
    schema: timeoutMs(5_000),
    example: '5000',
  }),
  firstTokenTimeoutMs: variable({
    env: 'LOCKKEEPER_UPSTREAM_FIRST_TOKEN_TIMEOUT_MS',
    description: 'How long the provider may take until its first token.',
    schema: timeoutMs(60_000),
    example: '60000',
  }),
  idleTimeoutMs: variable({
    env: 'LOCKKEEPER_UPSTREAM_IDLE_TIMEOUT_MS',
    description: 'How long the provider may pause between two tokens.',
    schema: timeoutMs(30_000),
    example: '30000',
  }),
  maxAttempts: variable({
    env: 'LOCKKEEPER_UPSTREAM_ATTEMPTS',
    description: 'How often a call is tried in all, as long as no token has come.',
    schema: read.integer(3, { min: 1, max: 10 }),
    example: '3',
  }),
  embeddingsUrl: variable({
    env: 'LOCKKEEPER_EMBEDDINGS_URL',
    description:
      'Base address of an OpenAI-compatible API whose /embeddings makes the vectors of the search; without it a built-in embedder does, which finds wording, not meaning. It is sent all messages.',
    schema: read.optionalUrl(['http', 'https']),
    example: '',
  }),
  embeddingsApiKey: variable({
    env: 'LOCKKEEPER_EMBEDDINGS_KEY',
    description: 'The API key for LOCKKEEPER_EMBEDDINGS_URL, if it wants one.',
    schema: read.text(''),
    example: '',
  }),
  embeddingsModel: variable({
    env: 'LOCKKEEPER_EMBEDDINGS_MODEL',
    description:
      'The model at LOCKKEEPER_EMBEDDINGS_URL. After a change all messages and documents are embedded again, bit by bit.',
    schema: z.string().min(1).max(128).default('text-embedding-3-small'),
    example: 'text-embedding-3-small',
  }),
  embeddingsVersion: variable({
    env: 'LOCKKEEPER_EMBEDDINGS_VERSION',
    description:
      'Raise it when another model stands behind the same LOCKKEEPER_EMBEDDINGS_MODEL, or its vectors have another size: then all messages and documents are embedded again, bit by bit.',
    schema: read.integer(0, { min: 0, max: 99 }),
    example: '0',
  }),
  embeddingsTimeoutMs: variable({
    env: 'LOCKKEEPER_EMBEDDINGS_TIMEOUT_MS',
    description: 'How long one call to LOCKKEEPER_EMBEDDINGS_URL may take, in milliseconds.',
    schema: read.integer(20_000, { min: 10, max: 60_000 }),
    example: '20000',
  }),
});
