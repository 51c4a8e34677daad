import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';

export const eraseAccountSchema = z
  .strictObject({
    password: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Your password, once more.', examples: ['correct horse battery staple'] }),
  })
  .meta({ examples: [{ password: 'correct horse battery staple' }] });
export type EraseAccount = z.infer<typeof eraseAccountSchema>;

export const erasureReasons = ['user_request', 'legal', 'abuse', 'inactive', 'mistake', 'other'] as const;

export const eraseUserSchema = z
  .strictObject({
    reason: z.enum(erasureReasons).meta({ description: 'Why; it stands in the audit log.' }),
    reference: z
      .string()
      .regex(/^[\w.:/#+-]{1,100}$/)
      .optional()
      .meta({
        description: 'Where more about it stands, such as the number of a ticket; one word, kept for ever.',
        examples: ['TICKET-12'],
      }),
  })
  .meta({ examples: [{ reason: 'user_request', reference: 'TICKET-12' }] });
export type EraseUser = z.infer<typeof eraseUserSchema>;

export const userParamsSchema = z.object({ id: idSchema });
export type UserParams = z.infer<typeof userParamsSchema>;
