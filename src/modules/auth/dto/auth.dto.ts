import { z } from 'zod';
import { scopes } from '../../../platform/http/index.js';
import type { SessionTokens } from '../session.service.js';
import { emailSchema, instantSchema, newPasswordSchema, passwordSchema, roleSchema } from './fields.dto.js';
import { userSchema } from './user.dto.js';

export const signUpSchema = z.strictObject({ email: emailSchema, password: newPasswordSchema });
export type SignUp = z.infer<typeof signUpSchema>;

export const signInSchema = z.strictObject({ email: emailSchema, password: passwordSchema });
export type SignIn = z.infer<typeof signInSchema>;

export const refreshSchema = z.strictObject({
  refresh_token: z
    .string()
    .min(1)
    .max(200)
    .meta({ examples: ['Yx3kq0k5bq2mZr7v1sT9uWcEfGhJnLpQaSdFgHjKlZx'] }),
});
export type Refresh = z.infer<typeof refreshSchema>;

export const changePasswordSchema = z.strictObject({
  current_password: passwordSchema,
  new_password: newPasswordSchema,
});
export type ChangePassword = z.infer<typeof changePasswordSchema>;

export const sessionSchema = z.object({
  token_type: z.literal('Bearer'),
  access_token: z.string().meta({ description: 'A JWT. Send it as `Authorization: Bearer …`.' }),
  access_token_expires_at: instantSchema,
  refresh_token: z
    .string()
    .meta({ description: 'Good for one use. A second use ends the session, so keep only the newest.' }),
  refresh_token_expires_at: instantSchema,
  user: z.object({ id: z.uuid(), email: z.string(), role: roleSchema }),
});
export type SessionAnswer = z.infer<typeof sessionSchema>;

export function toSessionAnswer(tokens: SessionTokens): SessionAnswer {
  return {
    token_type: 'Bearer',
    access_token: tokens.accessToken,
    access_token_expires_at: tokens.accessExpiresAt.toISOString(),
    refresh_token: tokens.refreshToken,
    refresh_token_expires_at: tokens.refreshExpiresAt.toISOString(),
    user: { id: tokens.userId, email: tokens.email, role: tokens.role },
  };
}

export const meSchema = z.object({ user: userSchema, scopes: z.array(z.enum(scopes)) });
export type Me = z.infer<typeof meSchema>;
