import { z } from 'zod';
import type { Memory } from '../agent-memory.service.js';

const MAX_TTL_SECONDS = 30 * 86_400;
const MAX_ITEMS = 1_000;
const EXAMPLE_TIME = '2027-01-17T09:30:00.000Z';

const agentField = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/)
  .meta({ description: 'Letters, digits, `.`, `_`, `-`.', examples: ['planner'] });
/** Printable ASCII without blanks, so that the order of keys is the order of their bytes everywhere. */
const KEY = /^[\x21-\x7e]{1,128}$/;
const keyField = z
  .string()
  .regex(KEY)
  .meta({ description: '1 to 128 printable ASCII characters without blanks.', examples: ['trip:city'] });

export const agentParamsSchema = z.object({ agent: agentField });
export type AgentParams = z.infer<typeof agentParamsSchema>;

export const memoryParamsSchema = z.object({ agent: agentField, key: keyField });
export type MemoryParams = z.infer<typeof memoryParamsSchema>;

export const memoryQuerySchema = z.strictObject({
  prefix: z
    .string()
    .regex(/^[\x21-\x7e]{0,128}$/)
    .default('')
    .meta({ description: 'Only keys that begin with this.', examples: ['trip:'] }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'At most so many.', examples: [50] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
});
export type MemoryQuery = z.infer<typeof memoryQuerySchema>;
export const memoryCursorSchema = z.tuple([z.string().regex(KEY)]);

/** A body is JSON already; a value that is not named is none. */
const jsonField = (description: string) =>
  z
    .unknown()
    .refine((value) => value !== undefined, 'is missing')
    .meta({ description });

const changeFields = {
  ttl_seconds: z
    .int()
    .min(1)
    .max(MAX_TTL_SECONDS)
    .optional()
    .meta({
      description:
        'For how long it is remembered from now on. Without: as long as it was to be; a new value for an hour ' +
        '(`LOCKKEEPER_AGENT_MEMORY_TTL_SECONDS`).',
      examples: [3600],
    }),
  if_version: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Only if the value has this version; 0: only if there is none.', examples: [0] }),
};

export const putMemorySchema = z
  .strictObject({ value: jsonField('Any JSON.'), ...changeFields })
  .meta({ examples: [{ value: { city: 'Bern' }, ttl_seconds: 3600 }] });
export type PutMemory = z.infer<typeof putMemorySchema>;

export const appendMemorySchema = z
  .strictObject({
    items: z.array(z.unknown()).min(1).max(MAX_ITEMS).optional().meta({ description: 'Behind a list.' }),
    text: z.string().min(1).optional().meta({ description: 'Behind a text.' }),
    ...changeFields,
  })
  .refine(({ items, text }) => (items === undefined) !== (text === undefined), {
    message: 'Name either items or text.',
  })
  .meta({ examples: [{ items: [{ said: 'Hello' }] }] });
export type AppendMemory = z.infer<typeof appendMemorySchema>;

export const incrementMemorySchema = z
  .strictObject({
    by: z
      .int()
      .default(1)
      .meta({ description: 'Negative to take away.', examples: [1] }),
    ...changeFields,
  })
  .meta({ examples: [{ by: 1 }] });
export type IncrementMemory = z.infer<typeof incrementMemorySchema>;

export const memorySchema = z
  .object({
    key: keyField,
    value: jsonField('As it was put.'),
    version: z.int().meta({
      description: 'Another one after each change; also if it was deleted and put anew.',
      examples: [1_800_178_200_000_000],
    }),
    expires_at: z.iso.datetime().meta({ examples: [EXAMPLE_TIME] }),
  })
  .meta({
    examples: [
      {
        key: 'trip:city',
        value: { city: 'Bern' },
        version: 1_800_178_200_000_000,
        expires_at: EXAMPLE_TIME,
      },
    ],
  });
export type MemoryAnswer = z.infer<typeof memorySchema>;

const memoryItemSchema = z.object({
  key: keyField,
  version: z.int(),
  bytes: z.int().meta({ description: 'Of its JSON.', examples: [15] }),
  expires_at: z.iso.datetime(),
});

export const memoryPageSchema = z
  .object({
    items: z.array(memoryItemSchema).meta({ description: 'In the order of the bytes of their keys.' }),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
  })
  .meta({
    examples: [
      {
        items: [{ key: 'trip:city', version: 1_800_178_200_000_000, bytes: 15, expires_at: EXAMPLE_TIME }],
        next_cursor: null,
      },
    ],
  });
export type MemoryPage = z.infer<typeof memoryPageSchema>;

export function toMemoryAnswer({ key, text, version, expiresAtMs }: Memory): MemoryAnswer {
  return {
    key,
    value: JSON.parse(text) as MemoryAnswer['value'],
    version,
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}
