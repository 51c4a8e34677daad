import { z } from 'zod';
import { chatCompletionAnswerSchema } from '../dto/chat-completion.dto.js';

/** Stored completions as the OpenAI API has them (platform.openai.com/docs/api-reference/chat/list). */

const page = {
  after: z.string().max(100).optional().meta({ description: '`last_id` of the page before.' }),
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  order: z.enum(['asc', 'desc']).default('asc').meta({ description: 'By time, the oldest first or last.' }),
};

/** OpenAI's filter comes as `metadata[key]=value`. */
export const completionListQuerySchema = z
  .looseObject({
    ...page,
    model: z.string().max(200).optional().meta({ description: 'Only those of this model.' }),
  })
  .superRefine((query, context) => {
    if (!Object.keys(query).some((name) => /^metadata(\[|$)/.test(name))) return;
    context.addIssue({
      code: 'custom',
      path: ['metadata'],
      message: 'metadata is not stored, so that nothing can be found by it',
    });
  });
export type CompletionListQuery = z.infer<typeof completionListQuerySchema>;

export const completionMessagesQuerySchema = z.object(page);
export type CompletionMessagesQuery = z.infer<typeof completionMessagesQuerySchema>;

export const completionParamsSchema = z.object({
  completion_id: z.string().max(100).meta({ description: 'As it was given: `chatcmpl-…`.' }),
});
export type CompletionParams = z.infer<typeof completionParamsSchema>;

function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export const completionListSchema = listOf(chatCompletionAnswerSchema);
export type CompletionList = z.infer<typeof completionListSchema>;

const storedMessage = z.looseObject({
  id: z.string(),
  role: z.string(),
  content: z.string().nullable(),
  content_parts: z
    .array(z.looseObject({ type: z.string() }))
    .nullable()
    .meta({
      description: 'The parts, if the message came in parts of which one is not text.',
    }),
});
export type StoredMessage = z.infer<typeof storedMessage>;

export const completionMessagesSchema = listOf(storedMessage);
export type CompletionMessages = z.infer<typeof completionMessagesSchema>;
