import { z } from 'zod';
import { turnStatuses } from '../../conversation/index.js';
import { chatCompletionSchema } from '../dto/chat-completion.dto.js';

/**
 * What `DefaultChatTransport` of the npm package `ai` sends, and the messages (`UIMessage`) that its `useChat` keeps.
 * The names are that package's.
 */

const MAX_MESSAGES = 10_000;
const MAX_PARTS = 1_000;

const chatId = z.string().min(1).max(128).meta({
  description: 'What the client calls its chat: any text, or the id of a conversation of yours.',
});

const uiMessage = z.looseObject({
  id: z.string().max(256),
  role: z.enum(['system', 'user', 'assistant']),
  parts: z.array(z.looseObject({ type: z.string().max(256) })).max(MAX_PARTS),
});
export type UiMessage = z.infer<typeof uiMessage>;
export type UiPart = UiMessage['parts'][number];

const { messages: _messages, stream: _stream, ...completionFields } = chatCompletionSchema.shape;

export const uiChatSchema = z
  .object({
    ...completionFields,
    model: completionFields.model.optional().meta({
      description: 'One of `GET /v1/models`. Without it: LOCKKEEPER_CHAT_DEFAULT_MODEL, else the first.',
    }),
    id: chatId,
    messages: z.array(uiMessage).min(1).max(MAX_MESSAGES).meta({
      description: 'Only the last is read, and those of the system; the history is the stored one.',
    }),
    trigger: z.enum(['submit-message', 'regenerate-message']).default('submit-message'),
    messageId: z.string().max(256).optional(),
  })
  .meta({
    examples: [
      {
        id: 'my-chat',
        trigger: 'submit-message',
        messages: [{ id: 'q1', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
      },
    ],
  });
export type UiChatRequest = z.infer<typeof uiChatSchema>;

export const uiChatParamsSchema = z.object({ id: chatId });
export type UiChatParams = z.infer<typeof uiChatParamsSchema>;

export const uiMessageListSchema = z.object({
  messages: z
    .array(
      z.object({
        id: z.string(),
        role: z.enum(['user', 'assistant']),
        metadata: z.object({
          turn_id: z.uuid(),
          status: z.enum(turnStatuses),
          created_at: z.iso.datetime(),
        }),
        parts: z.array(z.looseObject({ type: z.string() })),
      }),
    )
    .meta({
      description: 'At most the last 200 stored ones, the oldest first. For `useChat({ messages })`.',
    }),
  has_earlier: z.boolean().meta({
    description: 'True if there are more: read them with `GET /api/conversations/{id}/messages`.',
  }),
  conversation_id: z.uuid().nullable().meta({ description: 'Null while nothing has been said.' }),
});
export type UiMessageList = z.infer<typeof uiMessageListSchema>;
export type StoredUiMessage = UiMessageList['messages'][number];
