import { z } from 'zod';
import type { ApiKey } from '../api-key.service.js';
import { keyScopes } from '../domain/roles.js';
import { instantSchema } from './fields.dto.js';
import { pageSchema } from './page.dto.js';

export const createApiKeySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ description: 'For you to recognise it.', examples: ['billing service'] }),
  scopes: z
    .array(z.enum(keyScopes))
    .min(1)
    .max(keyScopes.length)
    .meta({
      description: 'What it may do: at most what you may.',
      examples: [['chat', 'conversations:read']],
    }),
  expires_at: instantSchema.optional().meta({ description: 'Left out: it does not expire.' }),
});
export type CreateApiKey = z.infer<typeof createApiKeySchema>;

const apiKeySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string().meta({ description: 'How the key begins.', examples: ['lk_Yx3kq0k5'] }),
  scopes: z.array(z.string()),
  created_at: instantSchema,
  expires_at: instantSchema.nullable(),
  last_used_at: instantSchema.nullable().meta({ description: 'Right to about a minute.' }),
  revoked_at: instantSchema.nullable(),
});
export type ApiKeyAnswer = z.infer<typeof apiKeySchema>;

export const createdApiKeySchema = apiKeySchema.extend({
  api_key: z.string().meta({
    description: 'The key itself. It is shown this once; keep it.',
    examples: ['lk_Yx3kq0k5bq2mZr7v1sT9uWcEfGhJnLpQaSdFgHjKlZx'],
  }),
});
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;

export const apiKeyPageSchema = pageSchema(apiKeySchema);
export type ApiKeyPage = z.infer<typeof apiKeyPageSchema>;

export function toApiKeyAnswer(key: ApiKey): ApiKeyAnswer {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}
