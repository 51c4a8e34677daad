import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { type Chat, chatStates, endReasons, type Message, senders, systemEvents } from '../domain/chat.js';

/** In characters: a page of text. */
const MAX_CONTENT = 4_000;
const CLIENT_MESSAGE_ID = /^[\x21-\x7e]{1,64}$/;
const MAX_SEQUENCE = 0xffff_ffff;

const EXAMPLE_CHAT = '019af3b2-6c1e-7d53-9d0a-3a2f5b8c9e01';
const EXAMPLE_USER = '019af3b2-1111-7d53-9d0a-3a2f5b8c9e01';

const limit = z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' });
const cursor = z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' });

export const chatParamsSchema = z.object({ id: idSchema });
export type ChatParams = z.infer<typeof chatParamsSchema>;

export const chatListQuerySchema = z.object({
  state: z
    .enum(chatStates)
    .optional()
    .meta({ examples: ['ended'] }),
  limit,
  cursor,
});
export type ChatListQuery = z.infer<typeof chatListQuerySchema>;

export const queuePlaceSchema = z.object({
  position: z.int().meta({ description: '1 is next.', examples: [3] }),
  estimated_wait_seconds: z
    .int()
    .nullable()
    .meta({
      description:
        'From the handling times of the latest chats and the capacity on duty; null if there is nothing to go by.',
      examples: [240],
    }),
});
export type QueuePlace = z.infer<typeof queuePlaceSchema>;

const time = z.iso.datetime();

export const chatSchema = z.object({
  id: z.uuid().meta({ examples: [EXAMPLE_CHAT] }),
  user_id: z.uuid().meta({ examples: [EXAMPLE_USER] }),
  agent_id: z.uuid().nullable().meta({ description: 'Who has it, or had it at its end.' }),
  state: z.enum(chatStates),
  end_reason: z
    .enum(endReasons)
    .nullable()
    .meta({ description: '`timeout`: nobody wrote. `unanswered`: no agent came in time.' }),
  opened_at: time,
  assigned_at: time.nullable(),
  last_activity_at: time,
  warned_at: time.nullable().meta({ description: 'Set from a warning until somebody writes.' }),
  ended_at: time.nullable(),
  last_sequence: z.int().meta({ description: 'The sequence number of the latest message.', examples: [12] }),
  rating: z
    .int()
    .nullable()
    .meta({ examples: [5] }),
});
export type ChatDto = z.infer<typeof chatSchema>;

export const placedChatSchema = chatSchema.extend({
  queue: queuePlaceSchema.nullable().meta({ description: 'While it waits.' }),
});
export type PlacedChatDto = z.infer<typeof placedChatSchema>;

export const chatListSchema = z.object({ items: z.array(chatSchema), next_cursor: z.string().nullable() });

export const messageSchema = z.object({
  chat_id: z.uuid().meta({ examples: [EXAMPLE_CHAT] }),
  sequence: z.int().meta({ description: 'Its number in the chat, from 1, without gaps.', examples: [3] }),
  sender: z.enum(senders),
  sender_id: z.uuid().nullable(),
  client_message_id: z.string().nullable(),
  event: z.enum(systemEvents).nullable().meta({ description: 'What a message of the system is about.' }),
  content: z
    .string()
    .nullable()
    .meta({ description: 'Null once its text has been erased.', examples: ['My picture does not load.'] }),
  created_at: time,
});
export type MessageDto = z.infer<typeof messageSchema>;

export const sendMessageSchema = z.strictObject({
  client_message_id: z
    .string()
    .regex(CLIENT_MESSAGE_ID, 'must be 1 to 64 printable ASCII characters')
    .meta({
      description: 'A new id for each message, the same when it is sent again: it is then stored once.',
      examples: ['b7e23ec2-9af3'],
    }),
  content: z
    .string()
    .max(MAX_CONTENT)
    .refine((text) => text.trim() !== '', 'must not be empty')
    .meta({ examples: ['My picture does not load.'] }),
});
export type SendMessage = z.infer<typeof sendMessageSchema>;

const sequence = z.coerce.number().int().min(0).max(MAX_SEQUENCE);

export const messageListQuerySchema = z
  .object({
    limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'At most so many.' }),
    after: sequence
      .optional()
      .meta({ description: 'The first messages after this sequence number.', examples: [12] }),
    cursor: z
      .string()
      .max(500)
      .optional()
      .meta({ description: '`earlier_cursor` or `later_cursor` of another page.' }),
  })
  .refine((query) => query.after === undefined || query.cursor === undefined, {
    message: 'give a cursor or `after`, not both',
    path: ['after'],
  });
export type MessageListQuery = z.infer<typeof messageListQuerySchema>;

export const messagePageSchema = z.object({
  items: z.array(messageSchema).meta({ description: 'In the order of their sequence numbers.' }),
  earlier_cursor: z.string().nullable(),
  later_cursor: z.string().nullable().meta({ description: 'Null if there are no later messages yet.' }),
});

export const rateChatSchema = z.strictObject({
  rating: z
    .int()
    .min(1)
    .max(5)
    .meta({ description: '5 is best.', examples: [5] }),
  comment: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .optional()
    .meta({ examples: ['Quick and friendly.'] }),
});
export type RateChat = z.infer<typeof rateChatSchema>;

export const transferChatSchema = z.strictObject({
  agent_id: idSchema.nullable().meta({
    description: 'Who is to have it; null puts it back to its place in the queue.',
    examples: [EXAMPLE_USER],
  }),
});
export type TransferChat = z.infer<typeof transferChatSchema>;

export const setDutySchema = z.strictObject({
  is_on_duty: z.boolean(),
  capacity: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'How many chats at once. Without it as before, at first 3.', examples: [3] }),
});
export type SetDuty = z.infer<typeof setDutySchema>;

export const agentSchema = z.object({
  user_id: z.uuid().meta({ examples: [EXAMPLE_USER] }),
  is_on_duty: z.boolean(),
  can_be_reached: z.boolean().meta({
    description: 'False for one who is off duty or has not been heard of lately: no new chats then.',
  }),
  capacity: z.int(),
  active_chats: z.int(),
  seen_at: time,
  last_assigned_at: time.nullable(),
});
export type AgentDto = z.infer<typeof agentSchema>;

export const agentListQuerySchema = z.object({ limit, cursor });
export type AgentListQuery = z.infer<typeof agentListQuerySchema>;
export const agentListSchema = z.object({ items: z.array(agentSchema), next_cursor: z.string().nullable() });

export const operatorChatListQuerySchema = chatListQuerySchema.extend({
  agent_id: idSchema.optional(),
  user_id: idSchema.optional(),
});
export type OperatorChatListQuery = z.infer<typeof operatorChatListQuerySchema>;

export const queueOverviewSchema = z.object({
  waiting: z.int().meta({ examples: [4] }),
  limit: z.int().meta({ examples: [1000] }),
  oldest_opened_at: time.nullable(),
  capacity_on_duty: z.int().meta({ description: 'Of all agents who can be reached.', examples: [12] }),
  mean_handling_seconds: z
    .number()
    .nullable()
    .meta({ examples: [412.5] }),
});

const toTime = (date: Date | null) => date?.toISOString() ?? null;

export function toChatDto(chat: Chat): ChatDto {
  return {
    id: chat.id,
    user_id: chat.user_id,
    agent_id: chat.agent_id,
    state: chat.state,
    end_reason: chat.end_reason,
    opened_at: chat.opened_at.toISOString(),
    assigned_at: toTime(chat.assigned_at),
    last_activity_at: chat.last_activity_at.toISOString(),
    warned_at: toTime(chat.warned_at),
    ended_at: toTime(chat.ended_at),
    last_sequence: chat.last_sequence,
    rating: chat.rating,
  };
}

export function toMessageDto(message: Message): MessageDto {
  return { ...message, created_at: message.created_at.toISOString() };
}
