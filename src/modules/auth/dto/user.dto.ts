import { z } from 'zod';
import type { User } from '../user.service.js';
import { emailSchema, instantSchema, newPasswordSchema, roleSchema } from './fields.dto.js';
import { pageSchema } from './page.dto.js';

export const createUserSchema = z.strictObject({
  email: emailSchema,
  password: newPasswordSchema,
  role: roleSchema.default('user'),
});
export type CreateUser = z.infer<typeof createUserSchema>;

export const changeUserSchema = z
  .strictObject({
    role: roleSchema.optional(),
    is_disabled: z
      .boolean()
      .optional()
      .meta({ description: 'True ends all sessions for good, and lets API keys sleep.' }),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something');
export type ChangeUser = z.infer<typeof changeUserSchema>;

export const userSchema = z.object({
  id: z.uuid(),
  email: z.string().meta({ examples: ['ada@example.com'] }),
  role: roleSchema,
  is_disabled: z.boolean(),
  created_at: instantSchema,
});
export type UserAnswer = z.infer<typeof userSchema>;

export const userPageSchema = pageSchema(userSchema);
export type UserPage = z.infer<typeof userPageSchema>;

export function toUserAnswer(user: User): UserAnswer {
  return {
    id: user.id,
    email: user.email,
    role: user.role,
    is_disabled: user.isDisabled,
    created_at: user.createdAt.toISOString(),
  };
}
