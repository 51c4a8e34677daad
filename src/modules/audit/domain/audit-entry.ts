import { z } from 'zod';

export const subjectKinds = [
  'conversation',
  'user',
  'setting',
  'support_chat',
  'coupon',
  'activity',
  'errand',
  'queue',
  'quarantined_log',
  'task',
] as const;
export const actorKinds = ['user', 'operator', 'system'] as const;

/**
 * Who acts: a user on what is his own, an operator (with a scope of the staff) on what is somebody else's, or the
 * system by itself.
 */
export type Actor =
  | { readonly kind: 'user' | 'operator'; readonly id: string }
  | { readonly kind: 'system'; readonly id?: undefined };

/**
 * One plain word, number, id or expression without spaces: no place for a sentence that somebody wrote, or for an address. The audit is kept for
 * ever, so nothing may stand in it that a person could ask to be erased.
 */
const detailText = z.string().regex(/^[\w.:/#+*,-]{0,100}$/, 'must be one plain word');

const detailSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
  z.union([detailText, z.number(), z.boolean(), z.null()]),
);
/** Facts of an event, snake_case, flat. */
export type AuditDetail = z.infer<typeof detailSchema>;

const EMAIL_ADDRESS = /[^\s@]@[^\s@]/;

/**
 * Why an operator does something, as asked for in a body or a query. It is kept for ever, so it may not name anybody
 * by an e-mail address; a ticket can.
 */
export const reasonSchema = z
  .string()
  .trim()
  .min(3)
  .max(500)
  .refine((text) => !EMAIL_ADDRESS.test(text), 'must not hold an e-mail address, as it is kept for ever')
  .transform((text) => text.toWellFormed())
  .meta({
    description: 'Why. It stands in the audit log for ever, so name a ticket and no person.',
    examples: ['stuck since the deployment, TICKET-12'],
  });

/** What happened. */
export interface AuditEvent {
  actor: Actor;
  /** Subject and past tense, such as `conversation.erased`. */
  action: `${string}.${string}`;
  subjectKind: (typeof subjectKinds)[number];
  /** At most 36 printable ASCII characters. */
  subjectId: string;
  detail?: AuditDetail;
  /** Why, in the operator's own words: what `reasonSchema` lets through. */
  reason?: string | undefined;
}

/** An event as it stands in the log. */
export interface AuditEntry {
  id: string;
  at: Date;
  actorKind: (typeof actorKinds)[number];
  actorId: string | null;
  action: string;
  subjectKind: string;
  subjectId: string;
  detail: AuditDetail;
  reason: string | null;
  requestId: string | null;
}

/** @throws an Error (a fault of ours) if a fact is anything but a plain word, a number, a flag or null. */
export function checkDetail(detail: AuditDetail): AuditDetail {
  return detailSchema.parse(detail);
}
