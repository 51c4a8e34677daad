import { z } from 'zod';
import { invalidRequest } from '../../../platform/errors/index.js';
import { idSchema } from '../../../shared/ids.js';
import { sendMessageSchema } from './support.dto.js';

/** What clients send over a connection. */

export const joinEventSchema = z.strictObject({
  chat_id: idSchema,
  /** The last sequence number that the client has. */
  after: z.int().min(0).max(0xffff_ffff).default(0),
});

export const leaveEventSchema = z.strictObject({ chat_id: idSchema });

export const messageEventSchema = sendMessageSchema.extend({ chat_id: idSchema });

export const typingEventSchema = z.strictObject({ chat_id: idSchema, is_typing: z.boolean() });

export const authenticateEventSchema = z.strictObject({ token: z.string().min(1).max(4_096) });

/** Reads what came with an event. @throws invalid_request */
export function readEvent<T>(schema: z.ZodType<T>, payload: unknown): T {
  const read = schema.safeParse(payload);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw invalidRequest({
    detail: issue ? `${param ? `${param}: ` : ''}${issue.message}` : undefined,
    ...(param === '' ? {} : { param }),
  });
}
