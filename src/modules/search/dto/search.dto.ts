import { z } from 'zod';

const MAX_QUERY_CHARACTERS = 200;

export const searchQuerySchema = z.object({
  q: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .refine((text) => Array.from(text).length <= MAX_QUERY_CHARACTERS, {
      error: `must have at most ${MAX_QUERY_CHARACTERS} characters`,
    })
    .meta({
      description:
        'What to look for, up to 200 characters. In exact mode all of its words must occur; "words in quotes" must follow each other.',
      examples: ['"release notes" 登录密码'],
    }),
  mode: z
    .enum(['exact', 'semantic'])
    .default('exact')
    .meta({
      description:
        '`exact` finds words, the newest message first; `semantic` finds likeness, the best first.',
      examples: ['exact'],
    }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(20)
    .meta({ description: 'At most so many.', examples: [20] }),
  cursor: z
    .string()
    .max(500)
    .optional()
    .meta({ description: '`next_cursor` of the page before. In exact mode only.' }),
});
export type SearchRequest = z.infer<typeof searchQuerySchema>;

const searchItemSchema = z.object({
  message_id: z.uuid().meta({ examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c892'] }),
  conversation_id: z.uuid().meta({ examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c893'] }),
  conversation_title: z.string().meta({ examples: ['Moving to the new login'] }),
  turn_id: z.uuid().meta({ examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c890'] }),
  role: z.string().meta({ examples: ['assistant'] }),
  created_at: z.iso.datetime().meta({ examples: ['2027-01-31T12:00:00.000Z'] }),
  snippet: z.string().meta({
    description:
      'HTML: about 160 characters around the first hit, the hits in `<mark>`, everything else escaped. `…` where it was cut.',
    examples: [
      'The <mark>release notes</mark> say that the <mark>登录密码</mark> must be &gt; 8 characters…',
    ],
  }),
  score: z
    .number()
    .nullable()
    .meta({
      description: 'In semantic mode how alike it is, up to 1; null in exact mode.',
      examples: [0.8125],
    }),
});

export const searchPageSchema = z.object({
  items: z.array(searchItemSchema),
  next_cursor: z
    .string()
    .nullable()
    .meta({
      description:
        'Names the next page; null at the end, and in semantic mode. A page can have few items or none and a next one: what one request looks through is bounded.',
      examples: ['WyIxODkzNTcyNjUwMDAwMDAwMDAwIl0'],
    }),
});
export type SearchPageDto = z.infer<typeof searchPageSchema>;
