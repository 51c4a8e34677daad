import { z } from 'zod';
import { invalidRequest } from '../../../platform/errors/index.js';
import { decodeCursor, encodeCursor } from '../../../platform/http/index.js';
import { idSchema } from '../../../shared/ids.js';
import { formatCoins } from '../../../shared/money.js';
import type { HoldPage, JournalPage, Period } from '../coin-history.service.js';
import { type Hold, holdStatuses } from '../domain/hold.js';
import { entryKinds, type JournalEntry } from '../domain/journal.js';

const coins = (description: string, example: string) => z.string().meta({ description, examples: [example] });

const pageFields = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'At most so many.', examples: [50] }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
};

const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);
const periodFields = {
  from: moment.optional().meta({
    description: 'From this moment on: a time in ISO 8601, or a date, which begins at midnight UTC.',
    examples: ['2027-01-01'],
  }),
  to: moment.optional().meta({ description: 'Before this moment.', examples: ['2027-01-31T12:00:00Z'] }),
};

export const journalQuerySchema = z.object({
  ...pageFields,
  ...periodFields,
  kind: z
    .enum(entryKinds)
    .optional()
    .meta({ description: 'Entries of this kind alone.', examples: ['settle'] }),
  reference: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({
      description:
        "What it is about: a turn's id. One page looks through 10,000 entries, so it may have few or no items and a `next_cursor`.",
      examples: ['0197c5a2-8f00-7b11-8a3c-52f1e6d7c890'],
    }),
});
export type JournalQuery = z.infer<typeof journalQuerySchema>;

export const holdsQuerySchema = z.object({
  ...pageFields,
  status: z
    .enum(holdStatuses)
    .optional()
    .meta({ description: 'Holds that stand so alone.', examples: ['open'] }),
});
export type HoldsQuery = z.infer<typeof holdsQuerySchema>;

export const statementQuerySchema = z.object(periodFields);
export type StatementQuery = z.infer<typeof statementQuerySchema>;

const entrySchema = z.object({
  sequence: z.int().meta({ description: 'Its number in the account, from 1, without gaps.' }),
  kind: z.enum(entryKinds).meta({ examples: ['settle'] }),
  balance_delta: coins('How the balance changed.', '-1.250000'),
  frozen_delta: coins('How what is frozen changed.', '-2.500000'),
  debt_delta: coins('How the debt changed.', '0.000000'),
  balance_after: coins('The balance after it.', '98.750000'),
  frozen_after: coins('What was frozen after it.', '0.000000'),
  debt_after: coins('The debt after it.', '0.000000'),
  hold_id: z.uuid().nullable(),
  reference: z.string().nullable().meta({ description: "What it is about: a turn's id." }),
  reason: z
    .string()
    .nullable()
    .meta({ examples: ['purchase'] }),
  note: z.string().nullable(),
  created_at: z.iso.datetime(),
});
type EntryAnswer = z.infer<typeof entrySchema>;

const nextCursor = z.string().nullable().meta({ description: 'For the next page; null on the last.' });

export const journalPageSchema = z.object({
  items: z.array(entrySchema).meta({ description: 'The newest first.' }),
  next_cursor: nextCursor,
});
export type JournalPageAnswer = z.infer<typeof journalPageSchema>;

/** Who acted is for operators alone: it may be one of them. */
export const actedJournalPageSchema = z.object({
  items: z
    .array(
      entrySchema.extend({
        actor: z
          .string()
          .meta({ description: "Who caused it: a user's id, or `system`.", examples: ['system'] }),
      }),
    )
    .meta({ description: 'The newest first.' }),
  next_cursor: nextCursor,
});
export type ActedJournalPageAnswer = z.infer<typeof actedJournalPageSchema>;

export const holdSchema = z.object({
  id: z.uuid().meta({ description: 'For a turn, the id of the turn.' }),
  status: z.enum(holdStatuses).meta({ examples: ['settled'] }),
  amount: coins('What was frozen.', '2.500000'),
  settled_amount: coins('What it cost in the end; null unless settled.', '1.250000').nullable(),
  debt_amount: coins('The part of the cost that the account could not pay.', '0.000000').nullable(),
  purpose: z.string().meta({ examples: ['chat'] }),
  reference: z.string().meta({ description: "What it is about: a turn's id." }),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().meta({ description: 'When it is given back unless it is ended or renewed.' }),
  ended_at: z.iso.datetime().nullable(),
});
export type HoldAnswer = z.infer<typeof holdSchema>;

export const holdPageSchema = z.object({
  items: z.array(holdSchema).meta({ description: 'The highest id first: for turns, the newest.' }),
  next_cursor: nextCursor,
});
export type HoldPageAnswer = z.infer<typeof holdPageSchema>;

/** @throws invalid_request for a period that ends before it begins */
export function toPeriod({ from, to }: StatementQuery): Period {
  const period = {
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
  if (period.from && period.to && period.from >= period.to) {
    throw invalidRequest({ param: 'to', detail: 'to must be after from.' });
  }
  return period;
}

const journalPosition = z.tuple([z.int().min(1)]);
const holdPosition = z.tuple([idSchema]);

/** What a page of the journal is asked for. */
export function toJournalRequest(query: JournalQuery) {
  const { kind, reference, limit, cursor } = query;
  const beforeSequence = cursor === undefined ? undefined : decodeCursor(cursor, journalPosition)[0];
  return { kind, reference, limit, beforeSequence, ...toPeriod(query) };
}

/** What a page of holds is asked for. */
export function toHoldsRequest({ status, limit, cursor }: HoldsQuery) {
  const beforeId = cursor === undefined ? undefined : decodeCursor(cursor, holdPosition)[0];
  return { status, limit, beforeId };
}

export function toJournalPageAnswer(page: JournalPage): JournalPageAnswer {
  return { items: page.entries.map(toEntryAnswer), next_cursor: toCursor(page.nextBefore) };
}

export function toActedJournalPageAnswer(page: JournalPage): ActedJournalPageAnswer {
  const items = page.entries.map((entry) => ({ ...toEntryAnswer(entry), actor: entry.actor }));
  return { items, next_cursor: toCursor(page.nextBefore) };
}

export function toHoldPageAnswer(page: HoldPage): HoldPageAnswer {
  return { items: page.holds.map(toHoldAnswer), next_cursor: toCursor(page.nextBefore) };
}

function toCursor(position: string | number | undefined): string | null {
  return position === undefined ? null : encodeCursor([position]);
}

function toEntryAnswer(entry: JournalEntry): EntryAnswer {
  return {
    sequence: entry.sequence,
    kind: entry.kind,
    balance_delta: formatCoins(entry.balanceDelta),
    frozen_delta: formatCoins(entry.frozenDelta),
    debt_delta: formatCoins(entry.debtDelta),
    balance_after: formatCoins(entry.balanceAfter),
    frozen_after: formatCoins(entry.frozenAfter),
    debt_after: formatCoins(entry.debtAfter),
    hold_id: entry.holdId,
    reference: entry.reference,
    reason: entry.reason,
    note: entry.note,
    created_at: entry.createdAt.toISOString(),
  };
}

export function toHoldAnswer(hold: Hold): HoldAnswer {
  return {
    id: hold.id,
    status: hold.status,
    amount: formatCoins(hold.amount),
    settled_amount: hold.settledAmount === null ? null : formatCoins(hold.settledAmount),
    debt_amount: hold.debtAmount === null ? null : formatCoins(hold.debtAmount),
    purpose: hold.purpose,
    reference: hold.reference,
    created_at: hold.createdAt.toISOString(),
    expires_at: hold.expiresAt.toISOString(),
    ended_at: hold.endedAt?.toISOString() ?? null,
  };
}
