import { z } from 'zod';
import { idSchema } from '../../../shared/ids.js';
import { actorKinds, type AuditEntry, subjectKinds } from '../domain/audit-entry.js';

const EXAMPLE_ID = '0197c5a2-8f00-7b11-8a3c-52f1e6d7c890';

export const auditLogQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: 'At most so many.' }),
  cursor: idSchema.optional().meta({ description: '`next_cursor` of the page before.' }),
  action: z
    .string()
    .regex(/^[a-z_]+\.[a-z_]+$/)
    .max(64)
    .optional()
    .meta({ description: 'What was done.', examples: ['conversation.erased'] }),
  actor_id: idSchema.optional().meta({ description: 'What this user did.', examples: [EXAMPLE_ID] }),
  subject_kind: z.enum(subjectKinds).optional(),
  subject_id: z
    .string()
    .regex(/^[\w.:-]{1,36}$/)
    .toLowerCase()
    .optional()
    .meta({ description: 'What was done to this: an id, or the name of a queue.', examples: [EXAMPLE_ID] }),
});
export type AuditLogQuery = z.infer<typeof auditLogQuerySchema>;

const auditEntrySchema = z.object({
  id: z.uuid(),
  at: z.iso.datetime(),
  actor_kind: z.enum(actorKinds).meta({
    description: '`user`: on what is his own. `operator`: on what is somebody else’s. `system`: by itself.',
  }),
  actor_id: z.uuid().nullable(),
  action: z.string().meta({ examples: ['conversation.erased'] }),
  subject_kind: z.string().meta({ examples: ['conversation'] }),
  subject_id: z.string().meta({ description: 'An id, or the name of a queue.', examples: [EXAMPLE_ID] }),
  detail: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .meta({ description: 'Plain facts, never content.', examples: [{ reason: 'user_request' }] }),
  reason: z
    .string()
    .nullable()
    .meta({ description: "Why, in the operator's own words.", examples: ['answers a complaint, TICKET-12'] }),
  request_id: z.string().nullable().meta({ description: 'The `X-Request-Id` of the call.' }),
});

export const auditLogPageSchema = z
  .object({
    items: z.array(auditEntrySchema).meta({ description: 'The newest first.' }),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
  })
  .meta({
    examples: [
      {
        items: [
          {
            id: '0197c5a2-9a10-7c22-9b4d-63a2f7e8d901',
            at: '2027-01-17T09:30:00.000Z',
            actor_kind: 'operator',
            actor_id: '0197c5a2-8f00-7b11-8a3c-52f1e6d7c891',
            action: 'user.erased',
            subject_kind: 'user',
            subject_id: EXAMPLE_ID,
            detail: { reason: 'user_request', reference: 'TICKET-12' },
            reason: null,
            request_id: '0197c5a2-9a0e-7c22-9b4d-63a2f7e8d900',
          },
        ],
        next_cursor: null,
      },
    ],
  });
export type AuditLogPage = z.infer<typeof auditLogPageSchema>;

export function toAuditEntryAnswer(entry: AuditEntry): AuditLogPage['items'][number] {
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    action: entry.action,
    subject_kind: entry.subjectKind,
    subject_id: entry.subjectId,
    detail: entry.detail,
    reason: entry.reason,
    request_id: entry.requestId,
  };
}
