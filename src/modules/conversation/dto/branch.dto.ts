import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { MAX_BRANCHES } from '../domain/path.js';

const branchNumber = z.int().min(0).max(0xffff_ffff);
const exampleId = '019af3b2-7f04-7a1b-8c55-0d4e6f7a8b02';

export const branchListQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(100)
    .meta({ description: 'At most so many.', examples: [100] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type BranchListQuery = z.infer<typeof branchListQuerySchema>;

export const activateBranchSchema = z
  .union([
    z.strictObject({ branch: branchNumber.meta({ description: 'One of the list.', examples: [1] }) }),
    z.strictObject({
      message_id: idSchema.meta({
        description:
          'Of the branches whose paths have this message, the one in which something was said last.',
        examples: [exampleId],
      }),
    }),
  ])
  .meta({ examples: [{ branch: 1 }, { message_id: exampleId }] });
export type ActivateBranch = z.infer<typeof activateBranchSchema>;

export const branchSchema = z.object({
  branch: z.int().meta({ description: 'Its number, in the order in which they were made.', examples: [1] }),
  parent_branch: z
    .int()
    .nullable()
    .meta({ description: 'The branch from which it forks. Null for branch 0.', examples: [0] }),
  fork_message_id: z
    .uuid()
    .nullable()
    .meta({
      description: 'The last message that it shares with its parent. Null if it shares none.',
      examples: ['019af3b2-6c1e-7d53-9d0a-3a2f5b8c9e01'],
    }),
  fork_sequence: z
    .int()
    .meta({ description: 'The sequence number of that message; 0 if there is none.', examples: [3] }),
  tip_message_id: z
    .uuid()
    .nullable()
    .meta({ description: 'The last message that was said in it.', examples: [exampleId] }),
  tip_sequence: z.int().meta({ description: 'The sequence number of that message.', examples: [5] }),
  created_at: z.iso.datetime().meta({ examples: ['2027-01-31T12:00:00.000Z'] }),
  is_active: z
    .boolean()
    .meta({ description: 'True for the branch that is read, and goes on, by default.', examples: [true] }),
});
export type BranchDto = z.infer<typeof branchSchema>;

export const branchListSchema = z.object({
  items: z
    .array(branchSchema)
    .meta({ description: `In the order in which they were made; at most ${MAX_BRANCHES} in all.` }),
  next_cursor: z.string().nullable(),
});
