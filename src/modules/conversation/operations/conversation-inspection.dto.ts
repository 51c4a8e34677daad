import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { reasonSchema } from '../../audit/index.js';
import type { ConversationRow } from '../conversation.repository.js';
import {
  conversationListQuerySchema,
  conversationSchema,
  messageListQuerySchema,
  messagePageSchema,
  toConversationDto,
} from '../dto/conversation.dto.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';

export const inspectionListQuerySchema = conversationListQuerySchema
  .extend({
    user_id: idSchema.optional().meta({ description: 'Those of this user.', examples: [EXAMPLE_ID] }),
    q: idSchema.optional().meta({
      description: 'The one with this id, or that of the saved turn with it.',
      examples: [EXAMPLE_ID],
    }),
  })
  .strict();
export type InspectionListQuery = z.infer<typeof inspectionListQuerySchema>;

/** Titles are made of what users say, so a list has none. */
const inspectedFields = conversationSchema.omit({ title: true }).extend({ user_id: z.uuid() });

export const inspectionListSchema = z
  .object({ items: z.array(inspectedFields), next_cursor: z.string().nullable() })
  .meta({
    examples: [
      {
        items: [
          {
            id: EXAMPLE_ID,
            user_id: '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44',
            message_count: 12,
            total_tokens: 4_096,
            created_at: '2027-01-17T09:00:00.000Z',
            last_activity_at: '2027-01-17T09:30:00.000Z',
          },
        ],
        next_cursor: null,
      },
    ],
  });
export type InspectionList = z.infer<typeof inspectionListSchema>;

export const inspectionQuerySchema = messageListQuerySchema.extend({ reason: reasonSchema }).strict();
export type InspectionQuery = z.infer<typeof inspectionQuerySchema>;

export const inspectionSchema = inspectedFields.extend({
  title: z.string(),
  messages: messagePageSchema.shape.items,
  earlier_cursor: z.string().nullable(),
  later_cursor: z.string().nullable(),
});
export type Inspection = z.infer<typeof inspectionSchema>;

/** What is known of a conversation, without what was said in it. */
export function toInspected(row: ConversationRow): z.infer<typeof inspectedFields> {
  const { title: _title, ...facts } = toConversationDto(row);
  return { ...facts, user_id: row.owner_id };
}
