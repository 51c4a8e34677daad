import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';

/**
 * `POST /v1/chat/completions`, as the OpenAI SDKs send it
 * (platform.openai.com/docs/api-reference/chat/create). Fields that are not listed are ignored.
 */

const MAX_MESSAGES = 2_000;
const MAX_OUTPUT_TOKENS = 1_000_000;

const contentPart = z.looseObject({ type: z.string().max(64), text: z.string().optional() });

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(contentPart).max(1_000)]).nullish(),
});

export const chatCompletionSchema = z
  .object({
    model: z.string().min(1).max(200).meta({ description: 'One of `GET /v1/models`.' }),
    messages: z.array(message).min(1).max(MAX_MESSAGES),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    max_tokens: z.int().min(1).max(MAX_OUTPUT_TOKENS).nullish(),
    max_completion_tokens: z.int().min(1).max(MAX_OUTPUT_TOKENS).nullish().meta({
      description: 'The longest answer; at most what the model can give. Coins are held for this much.',
    }),
    n: z.literal(1, { error: 'only one answer (n = 1) is given' }).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
    seed: z.int().nullish(),
    tools: z
      .array(z.looseObject({ type: z.string() }))
      .max(256)
      .nullish(),
    tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    response_format: z.looseObject({ type: z.string() }).nullish(),
    reasoning_effort: z.string().nullish(),
    collection_ids: z
      .array(idSchema)
      .max(20)
      .nullish()
      .meta({
        description:
          "Not of OpenAI's: answers from documents in these collections of yours. Without it, from those that the " +
          'conversation names (`PUT /api/conversations/{id}/collections`).',
      }),
    logit_bias: z.record(z.string(), z.number()).nullish(),
  })
  .meta({
    examples: [{ model: 'local', stream: true, messages: [{ role: 'user', content: 'Hello' }] }],
  });
export type ChatCompletionRequest = z.infer<typeof chatCompletionSchema>;

/** Fields that are not ours to understand: they go to the provider as they came. */
export const passedOnFields = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'stop',
  'seed',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'logit_bias',
] as const satisfies readonly (keyof ChatCompletionRequest)[];

const usage = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });

export const chatCompletionAnswerSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int().meta({ description: 'Seconds since the Unix epoch.' }),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.null(),
        tool_calls: z.array(z.looseObject({})).optional(),
        annotations: z
          .array(z.looseObject({}))
          .optional()
          .meta({ description: 'The passages that the model was given: file, place and snippet of each.' }),
      }),
      logprobs: z.null(),
      finish_reason: z.string(),
    }),
  ),
  usage,
});
export type ChatCompletionAnswer = z.infer<typeof chatCompletionAnswerSchema>;

export const modelListSchema = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ id: z.string(), object: z.literal('model'), created: z.int(), owned_by: z.string() }),
  ),
});
