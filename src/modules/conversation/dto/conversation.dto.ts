import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import type { ConversationRow } from '../conversation.repository.js';
import { turnStatuses } from '../domain/turn.js';

const title = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .meta({ description: 'Its name.', examples: ['Holiday plans'] });

export const createConversationSchema = z.strictObject({ title: title.optional() });
export type CreateConversation = z.infer<typeof createConversationSchema>;

export const renameConversationSchema = z.strictObject({ title });
export type RenameConversation = z.infer<typeof renameConversationSchema>;

export const conversationParamsSchema = z.object({ id: idSchema });
export type ConversationParams = z.infer<typeof conversationParamsSchema>;

export const conversationListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type ConversationListQuery = z.infer<typeof conversationListQuerySchema>;

export const messageListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({
    description: '`earlier_cursor` or `later_cursor` of another page. Without it: the latest messages.',
  }),
  branch: z.coerce
    .number()
    .int()
    .min(0)
    .max(0xffff_ffff)
    .optional()
    .meta({
      description:
        'Read the path of this branch. Without it: of the active one, or of the one that the cursor names.',
      examples: [1],
    }),
});
export type MessageListQuery = z.infer<typeof messageListQuerySchema>;

export const conversationSchema = z.object({
  id: z.uuid(),
  title: z.string(),
  message_count: z.int().meta({ description: 'Saved messages.' }),
  total_tokens: z.int().meta({ description: 'Tokens of all saved turns, input and output.' }),
  created_at: z.iso.datetime(),
  last_activity_at: z.iso.datetime(),
});
export type ConversationDto = z.infer<typeof conversationSchema>;

export const conversationListSchema = z.object({
  items: z.array(conversationSchema),
  next_cursor: z.string().nullable(),
});

export const messageSchema = z.object({
  id: z.uuid(),
  turn_id: z
    .uuid()
    .meta({ description: 'One id for the turn, its hold, its journal entries and its log lines.' }),
  sequence: z.int().meta({
    description:
      'Its number in the conversation, from 1. It rises along a path; other branches have the numbers between.',
    examples: [3],
  }),
  branch: z.int().meta({ description: 'The branch in which it was said.', examples: [0] }),
  role: z.string().meta({ examples: ['assistant'] }),
  content: z.string(),
  extra: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'Other content parts (`content`) and tool calls (`tool_calls`), as they came.' }),
  status: z.enum(turnStatuses),
  tokens: z.int(),
  created_at: z.iso.datetime(),
  is_saved: z
    .boolean()
    .meta({ description: 'False for the moment until a worker has written it to the database.' }),
  siblings: z
    .array(
      z.object({
        branch: z.int(),
        message_id: z.uuid(),
      }),
    )
    .meta({
      description:
        'Where there are several messages after the same one (edits, new answers): all of them, this one too, in ' +
        'the order in which they were made. Otherwise empty.',
      examples: [
        [
          { branch: 0, message_id: '019af3b2-6c1e-7d53-9d0a-3a2f5b8c9e01' },
          { branch: 1, message_id: '019af3b2-7f04-7a1b-8c55-0d4e6f7a8b02' },
        ],
      ],
    }),
});

export const messagePageSchema = z.object({
  items: z.array(messageSchema).meta({ description: 'In the order of their sequence numbers.' }),
  earlier_cursor: z.string().nullable(),
  later_cursor: z.string().nullable(),
});

export function toConversationDto(row: ConversationRow): ConversationDto {
  return {
    id: row.id,
    title: row.title,
    message_count: row.message_count,
    total_tokens: Number(row.total_tokens),
    created_at: row.created_at.toISOString(),
    last_activity_at: row.last_activity_at.toISOString(),
  };
}
