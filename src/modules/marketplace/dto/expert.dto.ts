import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import type { Expert, ExpertPosition } from '../expert.repository.js';

const EXAMPLE_ID = '0197c5a2-7d1e-7c3a-9f55-0d6c2b1e8a44';

export const profileSchema = z.strictObject({
  display_name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .meta({ description: 'How you are called here; everybody can read it.', examples: ['Ada'] }),
  bio: z
    .string()
    .trim()
    .max(2_000)
    .default('')
    .meta({ description: 'What you say of yourself.', examples: ['I have taught English for ten years.'] }),
  skills: z
    .array(z.string().trim().min(1).max(40))
    .min(1)
    .max(20)
    .meta({
      description: 'What you can do: 1 to 20, each up to 40 characters.',
      examples: [['proofreading']],
    }),
});
export type ProfileBody = z.infer<typeof profileSchema>;

export const expertParamsSchema = z.object({ user_id: idSchema.meta({ examples: [EXAMPLE_ID] }) });
export type ExpertParams = z.infer<typeof expertParamsSchema>;

export const expertListQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(50).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type ExpertListQuery = z.infer<typeof expertListQuerySchema>;

export const expertSchema = z.object({
  user_id: z.uuid(),
  display_name: z.string().meta({ examples: ['Ada'] }),
  bio: z.string(),
  skills: z.array(z.string()).meta({ examples: [['proofreading']] }),
  is_featured: z.boolean(),
  response_median_ms: z
    .int()
    .nullable()
    .meta({
      description:
        'Half of the deliveries of the last 90 days came within so many milliseconds of the acceptance. Of featured ' +
        'experts, computed once a day.',
      examples: [7_200_000],
    }),
  response_count: z.int().meta({ description: 'Of how many deliveries.', examples: [12] }),
  created_at: z.iso.datetime(),
});
export type ExpertAnswer = z.infer<typeof expertSchema>;

export const expertPageSchema = z.object({
  items: z.array(expertSchema).meta({ description: 'The featured first.' }),
  next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
});
export type ExpertPageAnswer = z.infer<typeof expertPageSchema>;

const position = z.tuple([z.literal([0, 1]), z.uuid()]);

/** After whom a page begins. @throws `invalid_request` for a cursor that is none of ours */
export function readExpertCursor(cursor: string | undefined): ExpertPosition | undefined {
  if (cursor === undefined) return undefined;
  const [isFeatured, userId] = decodeCursor(cursor, position);
  return { isFeatured: isFeatured === 1, userId };
}

export function toExpertAnswer(expert: Expert): ExpertAnswer {
  return {
    user_id: expert.userId,
    display_name: expert.displayName,
    bio: expert.bio,
    skills: [...expert.skills],
    is_featured: expert.isFeatured,
    response_median_ms: expert.responseMedianMs,
    response_count: expert.responseCount,
    created_at: expert.createdAt.toISOString(),
  };
}

/** Makes a page of up to `limit + 1` experts, of which the last only shows that there are more. */
export function toExpertPageAnswer(experts: readonly Expert[], limit: number): ExpertPageAnswer {
  const shown = experts.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toExpertAnswer),
    next_cursor: experts.length > limit && last ? encodeCursor([last.isFeatured ? 1 : 0, last.userId]) : null,
  };
}
