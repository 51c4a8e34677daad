import { z } from 'zod';
import { scopes } from '../../../platform/http/index.js';
import { instantSchema, roleSchema } from '../dto/fields.dto.js';
import { csrfTokenOf } from './console-cookie.js';
import type { ConsoleSession } from './console-session.service.js';

export const consoleSessionSchema = z.object({
  user: z.object({
    id: z.uuid(),
    email: z.string().meta({ examples: ['ada@example.com'] }),
    role: roleSchema,
    scopes: z.array(z.enum(scopes)),
  }),
  csrf_token: z.string().meta({
    description:
      'Send it as `X-CSRF-Token` with every request that is neither GET nor HEAD. Good for this session.',
    examples: ['qVf1yXzK0m3cWnB7oJ9sTtGhLrE5uAiPdQxZ2vC8bNM'],
  }),
  expires_at: instantSchema,
});
export type ConsoleSessionAnswer = z.infer<typeof consoleSessionSchema>;

export function toConsoleSessionAnswer(session: ConsoleSession): ConsoleSessionAnswer {
  const { userId, email, role, scopes, secret, expiresAt } = session;
  return {
    user: { id: userId, email, role: roleSchema.parse(role), scopes: [...scopes] },
    csrf_token: csrfTokenOf(secret),
    expires_at: expiresAt.toISOString(),
  };
}
