import { z } from 'zod';

/** What the process that reads a document and the one that started it tell each other. */

/** What is to be read, told once. */
export interface ReadRequest {
  path: string;
  format: string;
  limits: Record<string, number>;
}

const place = z.object({
  page: z.number().optional(),
  slide: z.number().optional(),
  sheet: z.string().optional(),
  row: z.number().optional(),
  section: z.array(z.string()).optional(),
  start: z.number(),
  end: z.number(),
});

const block = z.object({
  kind: z.enum(['heading', 'paragraph', 'list_item', 'table', 'code']),
  text: z.string().min(1),
  level: z.number().optional(),
  header: z.string().optional(),
  place,
});

/** What comes back: blocks in several messages, then how it ended. */
export const readReply = z.discriminatedUnion('type', [
  z.object({ type: z.literal('blocks'), blocks: z.array(block) }),
  z.object({
    type: z.literal('read'),
    title: z.string().nullable(),
    language: z.enum(['zh', 'en']).nullable(),
    isTruncated: z.boolean(),
  }),
  z.object({ type: z.literal('failed'), code: z.string(), detail: z.string() }),
]);

export type ReadReply = z.infer<typeof readReply>;
