import { z } from 'zod';

export const userSearchQuerySchema = z.strictObject({
  q: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,254}$/, 'must be the beginning of an e-mail address, or an id')
    .optional()
    .meta({
      description:
        'The beginning of an e-mail address, or the id of a user. Without it: all, the newest first.',
      examples: ['ada@exa'],
    }),
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'At most so many.' }),
  cursor: z.string().max(600).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type UserSearchQuery = z.infer<typeof userSearchQuerySchema>;
