import { z } from 'zod';
import { citationSchema } from './citation.js';

/** How a turn stands, and how its messages ended. */
export const turnStatuses = ['running', 'complete', 'stopped', 'failed', 'interrupted', 'violation'] as const;
export type TurnStatus = (typeof turnStatuses)[number];

const messageSchema = z.object({
  id: z.string(),
  role: z.string(),
  content: z.string(),
  /** What the message has besides its text: other content parts, tool calls. Null if nothing. */
  extra: z.record(z.string(), z.unknown()).nullable(),
  status: z.enum(turnStatuses),
  tokens: z.int().min(0),
  created_at: z.iso.datetime(),
});
export type TurnMessage = z.infer<typeof messageSchema>;

/**
 * A turn as it is kept in Redis until it is saved: everything that the save, and the sweep of a crashed
 * process's turns, needs to know.
 */
export const turnSchema = z.object({
  id: z.string(),
  conversation_id: z.string(),
  owner_id: z.string(),
  model: z.string(),
  /** The id that the answer has from the start, for readers that see it while it grows. */
  answer_id: z.string(),
  status: z.enum(turnStatuses),
  /** The user's messages; the answer, if there is any, is the last. */
  messages: z.array(messageSchema),
  finish_reason: z.string().nullable(),
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0),
  usage_source: z.enum(['provider', 'tokenizer', 'none']),
  cost_micro_coins: z.string().regex(/^\d+$/),
  error_code: z.string().nullable(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  /** What to charge a million tokens, in micro-coins, whatever the price list says by the time of a sweep. */
  input_price: z.string().regex(/^\d+$/),
  output_price: z.string().regex(/^\d+$/),
  /** What was asked for, hashed: tells a request that comes again from another one with the same key. */
  request_hash: z.string().nullable().default(null),
  /**
   * Makes a new branch after this message (null: before the first), to which the turn's messages go. Without a
   * fork they go to the end of the branch that is active when the turn is saved.
   */
  fork: z.object({ after_message_id: z.string().nullable() }).nullable().default(null),
  /** The passages that the model was given, for the answer; null if none. */
  citations: z.array(citationSchema).nullable().default(null),
});
export type Turn = z.infer<typeof turnSchema>;

/** As people count them. */
const MAX_TITLE_CHARACTERS = 80;
/** As the column counts them, at most: one emoji that people see can be eleven. */
const MAX_TITLE_LENGTH = 200;
const segmenter = new Intl.Segmenter();

/** What a conversation is called until its owner names it: the beginning of the first message. */
export function titleFrom(text: string): string {
  const oneLine = text
    .slice(0, MAX_TITLE_LENGTH * 8)
    .replace(/\s+/gu, ' ')
    .trim();
  if (oneLine === '') return 'New conversation';
  let title = '';
  let characters = 0;
  for (const { segment } of segmenter.segment(oneLine)) {
    const isFull = characters === MAX_TITLE_CHARACTERS || title.length + segment.length > MAX_TITLE_LENGTH;
    if (isFull) return shortened(title);
    title += segment;
    characters++;
  }
  return title;
}

/** The beginning of a title that is too long, with a sign that there was more. */
function shortened(title: string): string {
  const segments = Array.from(segmenter.segment(title), ({ segment }) => segment);
  return `${segments.slice(0, -1).join('')}…`;
}
